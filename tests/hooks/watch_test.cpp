// From events to failures and recoveries, and how often they are told.
#include <gmock/gmock.h>

#include "supervisor/hooks/watch.hpp"

namespace simplevisor::hooks {
namespace {

using namespace std::chrono_literals;
using runtime::journal::Cause;
using runtime::journal::End;
using runtime::journal::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

class WatchTest : public testing::Test {
 protected:
  void happens(Kind kind, const std::string& path, const std::string& about = "") {
    watch.take({.time = now, .kind = kind, .path = path, .about = about});
  }
  void ends(const std::string& path, Cause cause) {
    watch.take({.time = now, .kind = Kind::ended, .path = path, .end = End{.cause = cause}});
  }
  // As "failure root/a".
  std::vector<std::string> due() {
    std::vector<std::string> told;
    for (const Notice& notice : watch.due(now)) {
      told.push_back((notice.what == Notice::What::failure ? "failure " : "recovery ") + notice.path);
      if (notice.untold > 0) told.back() += " untold " + std::to_string(notice.untold);
    }
    return told;
  }

  Time now{1000h};
  Watch watch{{.settle = 5s, .interval = 60s, .at_most = 3}};
};

TEST_F(WatchTest, AnEndThatIsFollowedByARestartIsNoFailure) {
  ends("root/a", Cause::failed);
  EXPECT_THAT(due(), IsEmpty());
  happens(Kind::restarting, "root", "root/a");
  EXPECT_FALSE(watch.next());
  now += 10s;
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(WatchTest, AnAbnormalEndThatNobodyRestartsIsAFailureASecondLater) {
  ends("root/a", Cause::signalled);
  EXPECT_EQ(watch.next(), now + 1s);
  now += 999ms;
  EXPECT_THAT(due(), IsEmpty());
  now += 1ms;
  EXPECT_THAT(due(), ElementsAre("failure root/a"));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_FALSE(watch.next());
}

TEST_F(WatchTest, WhatWasAskedForOrDoneIsNoFailure) {
  ends("root/a", Cause::asked);
  ends("root/b", Cause::exited);
  now += 10s;
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(WatchTest, ASupervisorThatGivesUpFailsInsteadOfItsChild) {
  ends("root/s/a", Cause::failed);
  happens(Kind::gave_up, "root/s", "root/s/a");
  now += 10s;
  EXPECT_THAT(due(), ElementsAre("failure root/s"));
  happens(Kind::supervisor_started, "root/s");
  now += 4s;
  EXPECT_THAT(due(), IsEmpty());
  now += 1s;
  EXPECT_THAT(due(), ElementsAre("recovery root/s"));
  EXPECT_FALSE(watch.next());
}

TEST_F(WatchTest, AChildThatIsPutOffOrCannotBeStartedFailsUntilItRuns) {
  happens(Kind::cooling_down, "root", "root/a");
  happens(Kind::retrying, "root", "root/b");
  EXPECT_THAT(due(), ElementsAre("failure root/a", "failure root/b"));
  happens(Kind::started, "root/a");
  now += 2s;
  ends("root/a", Cause::failed);
  happens(Kind::restarting, "root", "root/a");
  now += 5s;
  EXPECT_THAT(due(), IsEmpty());
  happens(Kind::ready, "root/a");
  now += 5s;
  EXPECT_THAT(due(), ElementsAre("recovery root/a"));
}

TEST_F(WatchTest, WhoFailsAgainBeforeItHasRecoveredIsToldAgain) {
  ends("root/a", Cause::failed);
  now += 1s;
  EXPECT_THAT(due(), ElementsAre("failure root/a"));
  now += 60s;
  happens(Kind::started, "root/a");  // by hand
  now += 2s;
  ends("root/a", Cause::failed);
  EXPECT_EQ(watch.next(), now + 1s);
  now += 1s;
  EXPECT_THAT(due(), ElementsAre("failure root/a"));
  EXPECT_FALSE(watch.next());
}

TEST_F(WatchTest, EachEndIsAFailureWhereThatIsWished) {
  watch = Watch({.each_end = true});
  ends("root/a", Cause::unhealthy);
  happens(Kind::restarting, "root", "root/a");
  happens(Kind::started, "root/a");
  EXPECT_THAT(due(), ElementsAre("failure root/a"));
  now += 5s;
  EXPECT_THAT(due(), ElementsAre("recovery root/a"));
}

TEST_F(WatchTest, TellsOfANodeOnceInAnIntervalAndCountsTheRest) {
  for (int n = 0; n < 3; ++n) {
    happens(Kind::gave_up, "root/s");
    happens(Kind::supervisor_started, "root/s");
    now += 5s;
    if (n == 0)
      EXPECT_THAT(due(), ElementsAre("failure root/s", "recovery root/s"));
    else
      EXPECT_THAT(due(), IsEmpty()) << "neither, when the failure was not told";
  }
  now += 60s;
  happens(Kind::gave_up, "root/s");
  EXPECT_THAT(due(), ElementsAre("failure root/s untold 2"));
}

TEST_F(WatchTest, TellsOfAllNodesAtMostSoOften) {
  for (const char* path : {"root/a", "root/b", "root/c", "root/d"}) happens(Kind::gave_up, path);
  EXPECT_THAT(due(), ElementsAre("failure root/a", "failure root/b", "failure root/c"));
  EXPECT_EQ(watch.next(), now + 60s);
  now += 60s;
  happens(Kind::gave_up, "root/e");
  EXPECT_THAT(due(), ElementsAre("failure root/d", "failure root/e"));
}

TEST_F(WatchTest, AFailureThatStillStandsIsToldWhenTheIntervalIsOver) {
  happens(Kind::gave_up, "root/s");
  happens(Kind::supervisor_started, "root/s");
  now += 5s;
  EXPECT_THAT(due(), ElementsAre("failure root/s", "recovery root/s"));
  happens(Kind::gave_up, "root/s");
  EXPECT_THAT(due(), IsEmpty());
  ASSERT_TRUE(watch.next());
  now = *watch.next();
  EXPECT_THAT(due(), ElementsAre("failure root/s"));
  EXPECT_FALSE(watch.next());
}

TEST_F(WatchTest, WhatHasRecoveredCanBeForgotten) {
  happens(Kind::gave_up, "root/a");
  happens(Kind::gave_up, "root/b");
  happens(Kind::supervisor_started, "root/a");
  watch.forget_recovered();
  now += 10s;
  EXPECT_THAT(due(), ElementsAre("failure root/b"));
}

}  // namespace
}  // namespace simplevisor::hooks
