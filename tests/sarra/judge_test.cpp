// What a subscriber takes: the decisions of sr3, on equal inputs.
#include <gmock/gmock.h>

#include "workers/sarra/judge.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const Time now = *parse_time("20261121T120000");

message::Message announcing(const std::string& path, const std::string& more = "") {
  return {{{"content-type", "application/json"},
           {"amqp-exchange", "xpublic"},
           {"amqp-routing-key", "v03.a"},
           {"x", "y"}},
          R"({"pubTime":"20261121T115950","baseUrl":"http://h/","relPath":")" + path + '"' + more + "}",
          false};
}
Patterns patterns(const std::vector<std::string>& lines, bool accept_unmatched = true) {
  return Patterns::parse(lines, accept_unmatched).value();
}
std::string verdict(const message::Message& message, const Patterns& patterns, const Ages& ages = {}) {
  const Judgement judgement = judge(message, patterns, ages, now);
  if (std::holds_alternative<Wanted>(judgement)) return "wanted";
  if (const auto* unwanted = std::get_if<Unwanted>(&judgement)) return std::to_string(unwanted->code);
  if (const auto* later = std::get_if<Later>(&judgement))
    return "later " + std::to_string(later->delay.count());
  return std::holds_alternative<Foreign>(judgement) ? "foreign" : "malformed";
}

TEST(Patterns, TheFirstThatMatchesDecides) {
  const auto some = patterns({R"(reject .*\.tmp$)", "accept http://h/a/", "reject .*"});
  EXPECT_EQ(verdict(announcing("a/b"), some), "wanted");
  EXPECT_EQ(verdict(announcing("a/b.tmp"), some), "404");
  EXPECT_EQ(verdict(announcing("c/b"), some), "404");
}

TEST(Patterns, AreMatchedFromTheStartAndNotToTheEnd) {
  EXPECT_EQ(verdict(announcing("a/b"), patterns({"accept a/b"}, false)), "404");
  EXPECT_EQ(verdict(announcing("a/b"), patterns({"accept .*a"}, false)), "wanted");
  EXPECT_EQ(verdict(announcing("/a/b"), patterns({"accept http://h/a/b$"}, false)), "wanted")
      << "one slash in between";
}

TEST(Patterns, WithoutAMatchItIsSaidBeforehand) {
  EXPECT_EQ(verdict(announcing("a"), patterns({})), "wanted");
  EXPECT_EQ(verdict(announcing("a"), patterns({"reject nothing"}, false)), "404");
}

TEST(Patterns, SeeTheExtensionOfSundew) {
  EXPECT_EQ(verdict(announcing("a", R"(,"sundew_extension":"X:Y")"), patterns({"accept .*:X:Y$"}, false)),
            "wanted");
}

TEST(Patterns, OfARenamingTheOldNameCountsToo) {
  const auto some = patterns({"accept .*/keep/", "reject .*"});
  const auto renaming = [](const std::string& from, const std::string& to) {
    return announcing(to, R"(,"fileOp":{"rename":")" + from + "\"}");
  };
  EXPECT_EQ(verdict(renaming("other/x", "keep/x"), some), "wanted");
  EXPECT_EQ(verdict(renaming("other/x", "other/y"), some), "404");
  const Judgement away = judge(renaming("keep/x", "other/x"), some, {}, now);
  ASSERT_TRUE(std::holds_alternative<Wanted>(away));
  const auto removal = decode_v03(std::get<Wanted>(away).message.body).value();
  EXPECT_EQ(removal.rel_path, "keep/x") << "what we had is gone";
  EXPECT_TRUE(removal.file_op.contains("remove"));
}

TEST(Patterns, ThatAreNoneAreNamed) {
  const auto error = [](const std::string& line) { return Patterns::parse(std::vector{line}, true).error(); };
  EXPECT_THAT(error("accept ("), HasSubstr("\"accept (\": missing"));
  EXPECT_THAT(error("accept (?=x)"), HasSubstr("invalid perl operator"));
  EXPECT_THAT(error("maybe .*"), HasSubstr("neither"));
}

TEST(Ages, TurnAwayWhatIsTooOldAndWaitForWhatIsTooYoung) {
  const auto all = patterns({});
  EXPECT_EQ(verdict(announcing("a"), all, {.message_max = 5s}), "504");
  EXPECT_EQ(verdict(announcing("a"), all, {.message_max = 20s}), "wanted");
  const auto modified = [](const std::string& time) { return announcing("a", R"(,"mtime":")" + time + '"'); };
  EXPECT_EQ(verdict(modified("20261121T110000"), all, {.file_max = 60s}), "410");
  EXPECT_EQ(verdict(modified("20261121T115958"), all, {.file_min = 5s}), "later 3000");
  EXPECT_EQ(verdict(modified("20261121T115958"), patterns({"reject .*"}), {.file_min = 5s}), "404")
      << "what is not wanted does not wait";
  EXPECT_EQ(verdict(modified("20261121T120300"), all), "425") << "from the future";
  EXPECT_EQ(verdict(modified("20261121T120100"), all), "wanted") << "clocks differ a little";
}

TEST(Wanted, V03GoesOnByteForByteAndV02BecomesV03) {
  const auto as_v03 = std::get<Wanted>(judge(announcing("a/b", R"( , "n":1.0)"), patterns({}), {}, now));
  EXPECT_EQ(as_v03.message.body, announcing("a/b", R"( , "n":1.0)").body);
  EXPECT_EQ(as_v03.message.header, (message::Header{{"content-type", "application/json"},
                                                    {"amqp-exchange", "xpublic"},
                                                    {"amqp-routing-key", "v03.a"}}));
  message::Message old{{{"content-type", "text/plain"}, {"sum", "0,1"}, {"parts", "1,4,1,0,0"}},
                       "20261121115950 http://h/ a/b",
                       true};
  const auto as_v02 = std::get<Wanted>(judge(old, patterns({}), {}, now));
  EXPECT_EQ(decode_v03(as_v02.message.body).value().size, 4U);
  EXPECT_EQ(as_v02.message.header.at("content-type"), "application/json");
}

TEST(Wanted, SaysThatItMayHaveComeBefore) {
  const auto header_of = [](const char* redelivered) {
    message::Message message = announcing("a");
    message.header["redelivered"] = redelivered;
    return std::get<Wanted>(judge(message, patterns({}), {}, now)).message.header;
  };
  EXPECT_EQ(header_of("true").at("redelivered"), "true");
  EXPECT_EQ(header_of("false").count("redelivered"), 0U);
}

TEST(Others, AreForeignOrMalformed) {
  EXPECT_EQ(verdict({{{"content-type", "application/geo+json"}}, "{}", false}, patterns({})), "foreign");
  EXPECT_EQ(verdict({{}, "", false}, patterns({})), "malformed");
}

TEST(DuplicateKeys, AreThoseOfSr3) {
  const auto key = [](const std::string& more) {
    return std::get<Wanted>(judge(announcing("a/b", more), patterns({}), {}, now)).key;
  };
  EXPECT_EQ(key(R"(,"fileOp":{"link":"target"})"), "target");
  EXPECT_EQ(key(R"(,"fileOp":{"directory":""})"), "a/b");
  EXPECT_EQ(key(R"(,"identity":{"method":"md5","value":"x\ny"})"), "md5,xy");
  EXPECT_EQ(key(R"(,"identity":"cod,md5","size":7,"mtime":"20261121T110000")"), "a/b,20261121T110000,7");
  EXPECT_EQ(key(""), "a/b,20261121T115950,");
}

}  // namespace
}  // namespace simplevisor::sarra
