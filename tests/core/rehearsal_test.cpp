// A worker that fails again and again, on paper: who is restarted, when the budget runs out, who goes down.
#include "supervisor/core/rehearsal.hpp"

#include <gmock/gmock.h>

namespace simplevisor::core {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using What = RehearsedStep::What;

std::shared_ptr<const ChildSpec> worker(const std::string& name, Restart restart = Restart::permanent,
                                        Backoff backoff = {}) {
  auto spec = std::make_shared<ChildSpec>();
  spec->name = name;
  spec->restart = restart;
  spec->backoff = backoff;
  return spec;
}

std::shared_ptr<const ChildSpec> supervisor(const std::string& name, Strategy strategy, std::size_t intensity,
                                            std::vector<std::shared_ptr<const ChildSpec>> children,
                                            OnExhausted on_exhausted = OnExhausted::escalate) {
  auto spec = std::make_shared<ChildSpec>();
  spec->name = name;
  spec->shutdown = Shutdown::infinity();
  auto flags = std::make_shared<SupervisorSpec>();
  flags->strategy = strategy;
  flags->intensity = intensity;
  flags->period = 60s;
  flags->children = std::move(children);
  flags->on_exhausted = on_exhausted;
  flags->cool_down = 30s;
  if (strategy == Strategy::simple_one_for_one) flags->initial_instances = 3;
  spec->supervisor = flags;
  return spec;
}

// Steps as "1000 stopped root/a".
std::vector<std::string> told(const Rehearsed& rehearsed) {
  std::vector<std::string> all;
  for (const RehearsedStep& step : rehearsed.steps) {
    static constexpr std::array words{"fault", "started", "not_started", "stopped", "decision"};
    std::string text =
        std::to_string(step.at.count()) + " " + words[static_cast<std::size_t>(step.what)] + " " + step.path;
    if (step.what == What::decision) {
      if (step.decision == Report::Kind::gave_up) text += " gave up";
      if (step.decision == Report::Kind::cooling_down) text += " cools down";
    }
    all.push_back(text);
  }
  return all;
}

TEST(Rehearsal, ShowsWhoIsRestartedWithIt) {
  const auto root = supervisor("root", Strategy::rest_for_one, 3, {worker("a"), worker("b"), worker("c")});
  const auto played = rehearse(root, {.path = "root/b"});
  ASSERT_TRUE(played);
  EXPECT_THAT(told(*played), ElementsAre("0 fault root/b", "0 decision root", "0 stopped root/c",
                                         "0 started root/b", "0 started root/c"));
  EXPECT_TRUE(played->runs);
  EXPECT_EQ(played->restarts_used, 1U);
  EXPECT_EQ(played->restarts_limit, 3U);
}

TEST(Rehearsal, ShowsWhenTheBudgetRunsOutAndWhoGoesDown) {
  const auto root =
      supervisor("root", Strategy::one_for_one, 0,
                 {worker("other"), supervisor("sub", Strategy::one_for_one, 2, {worker("a"), worker("b")})});
  const auto played = rehearse(root, {.path = "root/sub/a", .times = 10});
  ASSERT_TRUE(played);
  EXPECT_EQ(played->faults, 3U);
  EXPECT_TRUE(played->tree_ended);
  EXPECT_FALSE(played->runs);
  EXPECT_THAT(told(*played), Contains("2000 decision root/sub gave up"));
  EXPECT_THAT(told(*played), Contains("2000 decision root gave up"));
  EXPECT_THAT(told(*played), Contains("2000 stopped root/other"));
}

TEST(Rehearsal, LetsTheDelaysPass) {
  const auto root = supervisor("root", Strategy::one_for_one, 1,
                               {worker("a", Restart::permanent, {.initial = 4s, .factor = 2, .jitter = 0.5})},
                               OnExhausted::cool_down);
  const auto played = rehearse(root, {.path = "root/a", .times = 2});
  ASSERT_TRUE(played);
  EXPECT_THAT(told(*played), Contains("4000 started root/a"));
  EXPECT_THAT(told(*played), Contains("5000 fault root/a"));
  EXPECT_THAT(told(*played), Contains("5000 decision root cools down"));
  const auto later = rehearse(root, {.path = "root/a", .times = 3});
  EXPECT_THAT(told(*later), Contains("35000 started root/a"));
}

TEST(Rehearsal, OfAStartThatFailsEndsWhenItWorksOrTheBudgetIsGone) {
  const auto root = supervisor("root", Strategy::one_for_one, 5, {worker("a"), worker("b")});
  const auto works =
      rehearse(root, {.path = "root/a", .fault = Rehearsal::Fault::fails_to_start, .times = 3});
  ASSERT_TRUE(works);
  EXPECT_TRUE(works->runs);
  EXPECT_EQ(works->restarts_used, 4U);
  const auto gone =
      rehearse(root, {.path = "root/a", .fault = Rehearsal::Fault::fails_to_start, .times = 100});
  EXPECT_TRUE(gone->tree_ended);
}

TEST(Rehearsal, WhoIsNotRestartedDiesOnce) {
  const auto root =
      supervisor("root", Strategy::one_for_all, 1, {worker("a", Restart::temporary), worker("b")});
  const auto played = rehearse(root, {.path = "root/a", .times = 5});
  ASSERT_TRUE(played);
  EXPECT_EQ(played->faults, 1U);
  EXPECT_FALSE(played->runs);
  EXPECT_FALSE(played->tree_ended);
  EXPECT_THAT(told(*played), ElementsAre("0 fault root/a"));
}

TEST(Rehearsal, KnowsInstancesAndNobodyElse) {
  const auto root = supervisor("root", Strategy::one_for_one, 1,
                               {supervisor("jobs", Strategy::simple_one_for_one, 1, {worker("job")})});
  const auto played = rehearse(root, {.path = "root/jobs/2"});
  ASSERT_TRUE(played);
  EXPECT_THAT(told(*played), Contains("0 started root/jobs/2"));
  EXPECT_THAT(told(*played), Not(IsEmpty()));
  for (const auto* nobody : {"", "root", "root/jobs", "root/jobs/4", "jobs/2", "root/x", "root/jobs/2/x"})
    EXPECT_FALSE(rehearse(root, {.path = nobody})) << nobody;
}

TEST(Rehearsal, HasAnEnd) {
  const auto root = supervisor("root", Strategy::one_for_one, 1'000'000, {worker("a")});
  const auto played = rehearse(root, {.path = "root/a", .times = 1'000'000, .every = 0ms});
  ASSERT_TRUE(played);
  EXPECT_TRUE(played->cut_short);
  EXPECT_EQ(played->steps.size(), rehearsed_steps_max);
}

}  // namespace
}  // namespace simplevisor::core
