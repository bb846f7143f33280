#include "supervisor/cli/exit_codes.hpp"

#include <gtest/gtest.h>

namespace simplevisor::cli {
namespace {

using control::ClientErrc;
using control::ClientError;

TEST(ExitCodes, AreTheDocumentedNumbers) {
  EXPECT_EQ(code(Exit::done), 0);
  EXPECT_EQ(code(Exit::failed), 1);
  EXPECT_EQ(code(Exit::usage), 2);
  EXPECT_EQ(code(Exit::no_such_node), 4);
  EXPECT_EQ(code(Exit::not_permitted), 5);
  EXPECT_EQ(code(Exit::timed_out), 6);
  EXPECT_EQ(code(Exit::not_running), 7);
  EXPECT_EQ(code(Exit::bad_configuration), 8);
}

TEST(ExitCodes, OfAClientThatGotNoAnswer) {
  const std::pair<ClientErrc, int> cases[] = {{ClientErrc::not_running, 7}, {ClientErrc::not_permitted, 5},
                                              {ClientErrc::timed_out, 6},   {ClientErrc::lost, 1},
                                              {ClientErrc::bad_answer, 1},  {ClientErrc::system, 1}};
  for (const auto& [error, expected] : cases) EXPECT_EQ(code(exit_of(error)), expected) << word_of(error);
}

TEST(ExitCodes, OfAnAnswer) {
  struct Case {
    unsigned status;
    const char* word;
    int expected;
  };
  const Case cases[] = {{200, "", 0},
                        {202, "", 0},
                        {400, "bad_request", 2},
                        {404, "no_such_node", 4},
                        {409, "ambiguous", 4},
                        {409, "refused", 1},
                        {403, "not_permitted", 5},
                        {500, "failed", 1},
                        {503, "busy", 1},
                        {404, "no_such_route", 1},
                        {414, "too_large", 2},
                        {405, "wrong_method", 1}};
  for (const Case& c : cases) EXPECT_EQ(code(exit_of(c.status, c.word)), c.expected) << c.status << c.word;
}

TEST(ExitCodes, OfCheckFollowTheVerdict) {
  EXPECT_EQ(code(check_exit(runtime::Verdict::good)), 0);
  EXPECT_EQ(code(check_exit(runtime::Verdict::healing)), 1);
  EXPECT_EQ(code(check_exit(runtime::Verdict::failed)), 2);
  EXPECT_EQ(code(CheckExit::unreachable), 3);
}

TEST(ExitCodes, OfStatusWithoutAPathAreThoseOfInitScripts) {
  EXPECT_EQ(code(StatusExit::running), 0);
  EXPECT_EQ(code(status_exit({ClientErrc::not_running, "", {}, false})), 3);
  EXPECT_EQ(code(status_exit({ClientErrc::not_running, "", {}, true})), 1);
  EXPECT_EQ(code(status_exit({ClientErrc::not_permitted, "", {}, false})), 4);
  EXPECT_EQ(code(status_exit({ClientErrc::timed_out, "", {}, false})), 4);
}

}  // namespace
}  // namespace simplevisor::cli
