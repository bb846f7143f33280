#include "supervisor/cli/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "supervisor/cli/command_table.hpp"

namespace simplevisor::cli {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

CommandLine parsed(const Words& words) {
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line) << fmt::format("{}: {}", fmt::join(words, " "), line ? "" : line.error().message);
  return line.value_or(CommandLine{});
}

TEST(CommandLine, UnderstandsEveryVerbInBothSpellings) {
  const std::pair<const char*, const char*> cases[] = {{"start", "start"},
                                                       {"stop", "stop"},
                                                       {"status", "status"},
                                                       {"check", "check"},
                                                       {"tree", "tree"},
                                                       {"check_configuration", "check_configuration"},
                                                       {"check-configuration", "check_configuration"},
                                                       {"version", "version"},
                                                       {"--version", "version"}};
  for (const auto& [word, command] : cases) EXPECT_EQ(parsed({word}).command->name, command) << word;
}

TEST(CommandLine, TakesAPath) {
  for (const char* verb : {"start", "stop", "restart", "status", "check", "tree"}) {
    EXPECT_EQ(parsed({verb, "root/a"}).path, "root/a") << verb;
  }
  EXPECT_EQ(parsed({"status", "status"}).path, "status");  // a node may be called like a command
  EXPECT_EQ(parsed({"stop", "--", "--odd"}).path, "--odd");
}

TEST(CommandLine, UnderstandsHowATableIsWishedFor) {
  const CommandLine line = parsed({"status", "-o", "path,pid", "--sort=age", "-r", "--no-header", "root/a"});
  EXPECT_EQ(line.columns, "path,pid");
  EXPECT_EQ(line.sort, "age");
  EXPECT_TRUE(line.reverse);
  EXPECT_TRUE(line.no_header);
  EXPECT_EQ(line.path, "root/a");
  const auto wrong = parse_command_line({"status", "-o", "path,pdi"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().exit, Exit::usage);
  EXPECT_THAT(wrong.error().message, HasSubstr("'pdi' is none of node, path, "));
  EXPECT_THAT(wrong.error().message, HasSubstr("did you mean 'pid'?"));
  EXPECT_FALSE(parse_command_line({"status", "-o", "path,,pid"}));
  EXPECT_FALSE(parse_command_line({"status", "--sort", "wide"}));
  EXPECT_FALSE(parse_command_line({"status", "--json", "-o", "pid"}));
  EXPECT_FALSE(parse_command_line({"tree", "--json", "--collapse-ok"}));
}

TEST(CommandLine, TakesAValueThatMayBeLeftOutOnlyBehindItsName) {
  EXPECT_EQ(parsed({"status"}).watch, std::nullopt);
  EXPECT_EQ(parsed({"status", "--watch"}).watch, 2s);
  EXPECT_EQ(parsed({"status", "--watch=500ms"}).watch, 500ms);
  EXPECT_EQ(parsed({"status", "--watch", "root/a"}).path, "root/a");
  EXPECT_EQ(parsed({"status", "--watch=1s", "--watch=5s"}).watch, 5s);
  for (const char* wrong : {"--watch=5", "--watch=0s", "--watch=99ms", "--watch=false", "--watch=-1s"})
    EXPECT_FALSE(parse_command_line({"status", wrong})) << wrong;
}

TEST(CommandLine, TakesGlobalOptionsAnywhere) {
  const Words globals{"--conf", "c", "--socket=s", "--json", "--timeout", "1m30s", "--no-wait"};
  Words before = globals;
  before.insert(before.end(), {"stop", "root/a"});
  Words between{"stop"};
  between.insert(between.end(), globals.begin(), globals.end());
  between.push_back("root/a");
  Words after{"stop", "root/a"};
  after.insert(after.end(), globals.begin(), globals.end());
  for (const Words& words : {before, between, after}) {
    const CommandLine line = parsed(words);
    EXPECT_EQ(line.command->name, "stop");
    EXPECT_EQ(line.path, "root/a");
    EXPECT_EQ(line.conf, "c");
    EXPECT_EQ(line.socket, "s");
    EXPECT_TRUE(line.json);
    EXPECT_TRUE(line.no_wait);
    EXPECT_EQ(line.timeout, 90s);
  }
}

TEST(CommandLine, TheLastOfARepeatedOptionCounts) {
  EXPECT_EQ(parsed({"--conf", "a", "status", "--conf", "b"}).conf, "b");
}

TEST(CommandLine, SaysWhatIsWrongInOneLine) {
  struct Case {
    Words words;
    std::string_view message;
  };
  const Case cases[] = {
      {{}, "no command given; 'simplevisor --help' lists them"},
      {{"strat"}, "unknown command 'strat' (did you mean 'start'?)"},
      {{"--json", "strat"}, "unknown command 'strat' (did you mean 'start'?)"},
      {{"--conf", "start", "strat", "root"}, "unknown command 'strat' (did you mean 'start'?)"},
      {{"xyzzy"}, "unknown command 'xyzzy'"},
      {{"check_configuraton"}, "unknown command 'check_configuraton' (did you mean 'check_configuration'?)"},
      {{"status", "--jsno"}, "unknown option '--jsno' (did you mean '--json'?)"},
      {{"--sokcet=x", "status"}, "unknown option '--sokcet' (did you mean '--socket'?)"},
      {{"stop", "a", "b"}, "unexpected argument 'b' after 'stop'"},
      {{"version", "a"}, "unexpected argument 'a' after 'version'"},
      {{"restart"}, "'restart' needs a PATH"},
      {{"start", "--daemon", "root/a"}, "--daemon starts the supervisor itself; it takes no PATH"},
      {{"stop", "--daemon"}, "'--daemon' belongs behind 'start'"},
      {{"--verbose", "tree"}, "'--verbose' belongs behind 'check_configuration'"},
      {{"status", "--timeout", "soon"}, "--timeout: "},
      {{"status", "--timeout", "5"}, "--timeout: "},
      {{"status", "--timeout", "0"}, "--timeout: must be more than 0"},
      {{"status", "--watch=0"}, "--watch: must be more than 0"},
      {{"status", "--watch=soon"}, "--watch: \"soon\""},
      {{"status", std::string(1025, 'x')}, "a path has at most 1024 bytes"},
      {{"logs", "root/a", std::string(1025, 'x')}, "a path has at most 1024 bytes"},
      {{"status", "--conf"}, "--conf"},
      {{""}, "unknown command ''"},
  };
  for (const Case& c : cases) {
    const auto line = parse_command_line(c.words);
    ASSERT_FALSE(line) << fmt::format("{}", fmt::join(c.words, " "));
    EXPECT_EQ(line.error().exit, Exit::usage);
    EXPECT_THAT(line.error().message, HasSubstr(c.message));
    EXPECT_FALSE(line.error().message.contains('\n')) << line.error().message;
  }
}

// `simplevisor stop "$UNSET"` stopped the whole tree.
TEST(CommandLine, TakesNothingEmptyForNotGiven) {
  for (const char* verb : {"start", "stop", "restart", "status", "check", "tree"}) {
    const auto line = parse_command_line({verb, ""});
    ASSERT_FALSE(line) << verb;
    EXPECT_EQ(line.error().exit, Exit::usage);
    EXPECT_EQ(line.error().message, "PATH: must not be empty");
  }
  for (const char* option : {"--conf", "--socket", "--timeout"}) {
    for (const Words& words : {Words{"stop", option, ""}, Words{option, "", "stop"}}) {
      const auto line = parse_command_line(words);
      ASSERT_FALSE(line) << option;
      EXPECT_EQ(line.error().message, fmt::format("{}: must not be empty", option));
    }
  }
  EXPECT_FALSE(parse_command_line({"stop", "--conf="}));
}

TEST(CommandLine, KnowsThatJsonIsWantedEvenWhenTheRestIsWrong) {
  EXPECT_TRUE(parse_command_line({"strat", "--json"}).error().json);
  EXPECT_FALSE(parse_command_line({"strat", "--", "--json"}).error().json);
}

TEST(CommandLine, HelpsWithEachCommand) {
  const auto general = parse_command_line({"--help"});
  ASSERT_FALSE(general);
  EXPECT_EQ(general.error().exit, Exit::done);
  for (const char* word : {"start", "stop", "restart", "status", "check", "tree", "check_configuration",
                           "version", "--conf", "--socket", "--json", "--timeout", "--no-wait"}) {
    EXPECT_THAT(general.error().message, HasSubstr(word));
  }
  const auto start = parse_command_line({"start", "--help"});
  ASSERT_FALSE(start);
  EXPECT_THAT(start.error().message, HasSubstr("--daemon"));
}

}  // namespace
}  // namespace simplevisor::cli
