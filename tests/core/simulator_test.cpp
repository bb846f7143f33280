// A simulated year of random faults, tree after tree. SIMPLEVISOR_SEED tries another one.
#include "tests/core/simulator.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;

struct Year {
  TimePoint lived{};
  std::uint64_t events = 0;
  std::uint64_t trees = 0;
};

std::uint64_t first_seed() {
  const char* given = std::getenv("SIMPLEVISOR_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 1;
}

// Trees one after the other, each under its own seed, until the time is over.
Year live(std::uint64_t seed, Milliseconds length, const Style& style, const Hazards& hazards) {
  Year year;
  const TimePoint end = TimePoint{} + length;
  while (year.lived < end) {
    const std::uint64_t tree_seed = seed * 1'000'000 + ++year.trees;
    Dice dice{tree_seed};
    Simulator simulator{random_tree(dice, style), tree_seed, style, hazards};
    simulator.run_until(TimePoint{} + (end - year.lived));
    year.lived += simulator.now() - TimePoint{} + 1s;  // a tree that fails at once takes some time as well
    year.events += simulator.events();
    if (year.trees > 10'000) throw Broken("trees hardly live");
  }
  return year;
}

void expect_a_year(Style style, Hazards hazards, std::uint64_t offset) {
  const std::uint64_t seed = first_seed() + offset;
  SCOPED_TRACE("SIMPLEVISOR_SEED=" + std::to_string(first_seed()));
  try {
    const Year year = live(seed, 365 * 24h, style, hazards);
    ::testing::Test::RecordProperty("events", std::to_string(year.events));
    std::cout << year.trees << " trees, " << year.events << " events\n";
    EXPECT_GT(year.events, 5'000u);
  } catch (const Broken& broken) {
    FAIL() << broken.what();
  }
}

TEST(Simulator, LivesThroughAYearOfFaultsAsOtpWould) {
  expect_a_year(Style{.extensions = false, .nodes_max = 20}, Hazards{.hold = false}, 0);
}

TEST(Simulator, LivesThroughAYearOfFaultsWithEveryExtension) {
  expect_a_year(Style{.extensions = true, .nodes_max = 24}, Hazards{}, 1000);
}

TEST(Simulator, LivesThroughAYearOfImpatientAdministrators) {
  Hazards hazards;
  hazards.mean_life = 48h;
  hazards.mean_between_requests = 1h;
  hazards.mean_until_stop = 7 * 24h;
  expect_a_year(Style{.extensions = true, .nodes_max = 24}, hazards, 2000);
}

// Short and violent lives find what long ones do not.
TEST(Simulator, LivesThroughHundredsOfTreesUnderEveryMixtureOfHazards) {
  SCOPED_TRACE("SIMPLEVISOR_SEED=" + std::to_string(first_seed()));
  for (std::uint64_t seed = first_seed() * 1000; seed < first_seed() * 1000 + 300; ++seed) {
    const Style style{.extensions = seed % 4 != 0, .nodes_max = 24};
    Hazards hazards;
    if (seed % 3 == 0) {
      hazards.mean_between_requests = 1h;
      hazards.mean_until_stop = 48h;
    }
    if (seed % 5 == 0) {
      hazards.mean_life = 1min;
      hazards.mean_between_requests = 30s;
      hazards.mean_until_stop = 20min;
    }
    Dice dice{seed};
    Simulator simulator{random_tree(dice, style), seed, style, hazards};
    try {
      simulator.run_until(TimePoint{} + 7 * 24h);
    } catch (const Broken& broken) {
      ADD_FAILURE() << broken.what();
    }
  }
}

TEST(Simulator, ReplaysTheSameActionsFromTheSameSeed) {
  const Style style;
  std::uint64_t digests[2] = {};
  for (std::uint64_t& digest : digests) {
    Dice dice{77};
    Simulator simulator{random_tree(dice, style), 77, style, Hazards{}};
    simulator.run_until(TimePoint{} + 30 * 24h);
    digest = simulator.digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
}

}  // namespace
}  // namespace simplevisor::core::testing
