#include "supervisor/core/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace simplevisor::core {
namespace {

using namespace std::chrono_literals;

TimePoint at(Milliseconds time) {
  return TimePoint{} + time;
}

TEST(TimerQueue, HasNothingDueBeforeTheDeadline) {
  TimerQueue timers;
  timers.set(NodeId{7}, at(10ms));
  EXPECT_EQ(timers.next(), at(10ms));
  EXPECT_EQ(timers.pop_due(at(9ms)), std::nullopt);
  EXPECT_EQ(timers.pop_due(at(10ms)), NodeId{7});
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(TimerQueue, FiresEqualDeadlinesInTheOrderInWhichTheyWereSet) {
  TimerQueue timers;
  for (const std::uint32_t node : {5u, 1u, 9u, 3u}) timers.set(NodeId{node}, at(10ms));
  for (const std::uint32_t node : {5u, 1u, 9u, 3u}) EXPECT_EQ(timers.pop_due(at(10ms)), NodeId{node});
}

TEST(TimerQueue, KeepsOnlyTheLatestDeadlineOfANode) {
  TimerQueue timers;
  timers.set(NodeId{1}, at(10ms));
  timers.set(NodeId{1}, at(20ms));
  EXPECT_EQ(timers.size(), 1u);
  EXPECT_EQ(timers.deadline_of(NodeId{1}), at(20ms));
  EXPECT_EQ(timers.pop_due(at(19ms)), std::nullopt);
}

TEST(TimerQueue, DoesNotMindTheCancellingOfWhatWasNeverSet) {
  TimerQueue timers;
  timers.cancel(NodeId{1000});
  EXPECT_EQ(timers.size(), 0u);
}

// The model: a list, searched from one end to the other.
struct Model {
  struct Entry {
    NodeId node;
    TimePoint deadline;
  };
  std::vector<Entry> entries;  // in the order in which they were set

  void cancel(NodeId node) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.node == node; });
  }
  void set(NodeId node, TimePoint deadline) {
    cancel(node);
    entries.push_back({node, deadline});
  }
  std::optional<NodeId> pop_due(TimePoint now) {
    const auto first = std::ranges::min_element(entries, {}, &Entry::deadline);  // the first of equals
    if (first == entries.end() || first->deadline > now) return std::nullopt;
    const NodeId node = first->node;
    entries.erase(first);
    return node;
  }
};

TEST(TimerQueue, AgreesWithANaiveModel) {
  std::mt19937_64 random{4};
  TimerQueue timers;
  Model model;
  Milliseconds now{0};
  for (int step = 0; step < 20'000; ++step) {
    const NodeId node{static_cast<std::uint32_t>(random() % 40)};
    switch (random() % 4) {
      case 0:
      case 1: {
        const TimePoint deadline = at(now + Milliseconds{random() % 30});
        timers.set(node, deadline);
        model.set(node, deadline);
        break;
      }
      case 2:
        timers.cancel(node);
        model.cancel(node);
        break;
      default:
        now += Milliseconds{random() % 10};
        for (;;) {
          const auto due = timers.pop_due(at(now));
          ASSERT_EQ(due, model.pop_due(at(now))) << "step " << step;
          if (!due) break;
        }
    }
    ASSERT_EQ(timers.size(), model.entries.size()) << "step " << step;
    const auto mine = std::ranges::find(model.entries, node, &Model::Entry::node);
    ASSERT_EQ(timers.deadline_of(node).has_value(), mine != model.entries.end()) << "step " << step;
  }
}

}  // namespace
}  // namespace simplevisor::core
