#include "workers/service/option_words.hpp"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <utility>

namespace simplevisor::service {
namespace {

struct Program {
  CLI::App app;
  OptionWords words;

  Program() {
    words.declare(app, "remove", Takes::nothing, "remove what was sent");
    words.declare(app, "path", Takes::one, "where it is", "-p");
    words.declare(app, "subscribe", Takes::many, "what to receive");
  }
};

TEST(OptionWords, OfOneValueTheLastCountsAndOfManyAll) {
  Program program;
  program.app.parse("--path /a -p /b --subscribe x --subscribe y");
  EXPECT_EQ(boost::json::serialize(program.words.object()), R"({"path":"/b","subscribe":["x","y"]})");
}

TEST(OptionWords, AFlagIsGivenDeniedOrNotSaid) {
  for (const auto& [line, expected] :
       {std::pair{"--remove", R"({"remove":true})"}, std::pair{"--no-remove", R"({"remove":false})"},
        std::pair{"", "{}"}}) {
    Program program;
    program.app.parse(line);
    EXPECT_EQ(boost::json::serialize(program.words.object()), expected) << line;
  }
}

TEST(OptionWords, HelpShowsNamesOnly) {
  const std::string help = Program{}.app.help();
  EXPECT_NE(help.find("--remove,--no-remove "), std::string::npos) << help;
  EXPECT_NE(help.find("-p,--path TEXT"), std::string::npos) << help;
}

}  // namespace
}  // namespace simplevisor::service
