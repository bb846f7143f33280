// The extensions never change what a tree without them does: the same world meets each tree twice, once with
// the defaults and once with every knob of an extension that is off turned elsewhere. The actions must be
// the same, one by one and at the same times.
#include <gtest/gtest.h>

#include "tests/core/scripted_tree.hpp"
#include "tests/core/simulator.hpp"

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const ChildSpec> turned(const ChildSpec& spec) {
  ChildSpec child = spec;
  child.backoff.initial = 0ms;  // off
  child.backoff.factor = 7.5;
  child.backoff.max = 1ms;
  child.backoff.jitter = 1.0;
  child.backoff.healthy_after = 1ms;
  if (!spec.supervisor) return std::make_shared<ChildSpec>(std::move(child));

  SupervisorSpec flags = *spec.supervisor;
  flags.on_exhausted = OnExhausted::escalate;  // off
  flags.cool_down = 1ms;
  switch (flags.strategy) {
    case Strategy::one_for_one:
      flags.max_concurrent = 1;  // ordered: means nothing
      break;
    case Strategy::rest_for_one:
    case Strategy::one_for_all:
      flags.ordered = false;  // groups always have an order
      flags.max_concurrent = 1;
      break;
    case Strategy::simple_one_for_one:
      flags.max_concurrent = 1'000'000;
      break;
  }
  for (auto& each : flags.children) each = turned(*each);
  child.supervisor = std::make_shared<SupervisorSpec>(std::move(flags));
  return std::make_shared<ChildSpec>(std::move(child));
}

TEST(Extensions, ThatAreOffChangeNothing) {
  const Style plain{.extensions = false, .nodes_max = 16};
  Hazards hazards;
  hazards.hold = false;
  hazards.mean_life = 1h;
  hazards.mean_between_requests = 1h;
  hazards.mean_until_stop = 36h;
  std::uint64_t events = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice{seed};
    const auto root = random_tree(dice, plain);
    Simulator defaults{root, seed, plain, hazards};
    Simulator others{turned(*root), seed, plain, hazards};
    ASSERT_EQ(defaults.run_until(TimePoint{} + 48h), others.run_until(TimePoint{} + 48h));
    ASSERT_EQ(defaults.now(), others.now());
    ASSERT_EQ(defaults.events(), others.events());
    ASSERT_EQ(defaults.digest(), others.digest());
    events += defaults.events();
  }
  EXPECT_GT(events, 3'000u);
}

// The other direction: the comparison would notice a difference.
TEST(Extensions, ThatAreOnDoChangeSomething) {
  const auto digest_with = [](Milliseconds initial) {
    ChildSpec child;
    child.name = "w1";
    child.backoff.initial = initial;
    const auto root = supervisor("root", Strategy::one_for_one, {worker(child)});
    const Hazards hazards{.mean_life = 1h, .mean_between_requests = 1000h, .hold = false};
    Simulator simulator{root, 2, Style{.extensions = false, .nodes_max = 0}, hazards};
    simulator.run_until(TimePoint{} + 24h);
    EXPECT_GT(simulator.events(), 20u);
    return simulator.digest();
  };
  EXPECT_EQ(digest_with(0ms), digest_with(0ms));
  EXPECT_NE(digest_with(0ms), digest_with(1s));
}

}  // namespace
}  // namespace simplevisor::core::testing
