// simplevisor-fetch as its users meet it: under simplevisor-consumer, as stream and as exec handler.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/sarra/http_server.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using consumer::Program;
using testing::AllOf;
using testing::HasSubstr;

class FetchProgramTest : public testing::Test {
 protected:
  FetchProgramTest() {
    fs::create_directories(directory / "site/a");
    for (int n = 0; n < files; ++n)
      std::ofstream{directory / ("site/a/" + std::to_string(n))} << "file " << n;
  }
  void announce(const std::string& base_url, const std::string& path) {
    consumer::add(directory / "q", R"({"pubTime":")" + std::string("20991121T115950") + R"(","baseUrl":")" +
                                       base_url + R"(","relPath":")" + path + "\"}");
  }
  int consume(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{CONSUMER_PROGRAM, "--queue",    directory / "q",
                                       "--until-empty",  "--attempts", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Program program{arguments, directory / "stderr"};
    program.lines();
    return program.wait();
  }
  void expect_files() {
    for (int n = 0; n < files; ++n) {
      EXPECT_EQ(consumer::read_file(directory / ("in/a/" + std::to_string(n))), "file " + std::to_string(n));
    }
  }
  static constexpr int files = 20;
  consumer::TemporaryDirectory directory;
};

TEST_F(FetchProgramTest, AsStreamHandlerFetchesAllButTheOneThatIsNotThere) {
  const HttpServer server{directory / "site", directory / "http"};
  for (int n = 0; n < files; ++n) announce(server.url(), "a/" + std::to_string(n));
  announce(server.url(), "a/missing");
  announce(server.url(), "../escaped");
  ASSERT_EQ(consume({"--protocol", "stream", "--data", R"({"directory":")" + directory / "in" + "\"}",
                     "--window", "4", "--", FETCH_PROGRAM}),
            0)
      << consumer::read_file(directory / "stderr");
  expect_files();
  EXPECT_EQ(consumer::queue_at(directory / "q").count().value(), 0U);
  EXPECT_EQ(consumer::queue_at(directory / "q.dead").count().value(), 2U) << "each for itself";
  EXPECT_FALSE(fs::exists(directory / "escaped"));
  EXPECT_THAT(consumer::read_file(directory / "stderr"), AllOf(HasSubstr("404"), HasSubstr("leads out")));
}

TEST_F(FetchProgramTest, AsExecHandlerDoesTheSame) {
  const HttpServer server{directory / "site", directory / "http"};
  for (int n = 0; n < files; ++n) announce(server.url(), "a/" + std::to_string(n));
  announce(server.url(), "a/missing");
  std::ofstream{directory / "with.json"} << R"({"handler":[")" FETCH_PROGRAM R"(","--exec","--directory",")"
                                         << directory / "in" << "\"]}";
  ASSERT_EQ(consume({"--with", directory / "with.json"}), 0);
  expect_files();
  EXPECT_EQ(consumer::queue_at(directory / "q.dead").count().value(), 1U);
}

TEST_F(FetchProgramTest, SaysWhatIsWrongWithItsSettings) {
  Program program{{FETCH_PROGRAM, "--exec", "--protocols", "gopher", "--windw", "3"}, directory / "stderr"};
  EXPECT_EQ(program.wait(), 64);
  Program other{{FETCH_PROGRAM, "--exec", "--protocols", "gopher", "--window", "0"}, directory / "stderr"};
  EXPECT_EQ(other.wait(), 78);
  Program third{{FETCH_PROGRAM, "--exec", "--protocols", "gopher"}, directory / "stderr"};
  EXPECT_EQ(third.wait(), 78);
  EXPECT_THAT(
      consumer::read_file(directory / "stderr"),
      AllOf(HasSubstr("--window: must be a whole number from 1 to 64"), HasSubstr("directory: is not given"),
            HasSubstr("\"gopher\" is none of http, https, sftp, file")));
}

}  // namespace
}  // namespace simplevisor::sarra
