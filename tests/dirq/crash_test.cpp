// tests/dirq/crash_test.cpp
//
// A process is killed (SIGKILL) before each of its system calls in turn. Afterwards a purge of everything old, as any
// peer would do in time, and one look: no element whose add had returned is missing, none is there twice or in part,
// and an element is gone only when its removal had begun.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "tests/dirq/killing.hpp"
#include "workers/dirq/batch.hpp"
#include "workers/dirq/taker.hpp"

namespace simplevisor::dirq {
namespace {

using testing_support::HookedSystem;
using testing_support::Program;
using testing_support::QueueTest;
using testing_support::run_and_kill;
using testing_support::steps_max;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

class CrashTest : public QueueTest {
 protected:
  // Everything grows old, and somebody purges.
  void purge() const {
    for (const std::string& name : files()) age(path / name, 1h);
    Queue queue = open();
    ASSERT_TRUE(queue.purge({.maxtemp = 60s, .maxlock = 60s, .young_lock = 0s}));
  }

  // Kills `program` at every step. Each time the queue begins with `before`, and `check` gets what was told and what
  // is there afterwards.
  void kill_everywhere(
      const std::function<void(Queue&)>& before, const Program& program,
      const std::function<void(const std::string& told, const std::vector<std::string>& there)>& check,
      const Options& options = {}) {
    bool ended = false;
    int step = 1;
    for (; !ended; ++step) {
      ASSERT_LT(step, steps_max);
      SCOPED_TRACE("killed before call " + std::to_string(step));
      fs::remove_all(path);
      Queue queue = open(options);
      before(queue);
      const std::string told = run_and_kill(program, step, ended);
      purge();
      Queue after = open();
      std::vector<std::string> there = drain(after);
      std::ranges::sort(there);
      check(told, there);
      ASSERT_TRUE(after.purge());
      for (const std::string& name : files()) EXPECT_TRUE(name.starts_with(".spare/")) << name << " was left";
    }
    EXPECT_GT(step, 5) << "hardly a call was made: the program does not do what it should";
  }

  [[nodiscard]] Program adding(Options options) const {
    return [this, options](HookedSystem& killing, const auto& tell) mutable {
      options.system = &killing;
      Queue queue = open(options);
      if (queue.add(whole)) tell('a');
    };
  }

  [[nodiscard]] Program taking(Options options) const {
    return [this, options](HookedSystem& killing, const auto& tell) mutable {
      options.system = &killing;
      Queue queue = open(options);
      Taker taker(queue);
      auto lock = taker.next();
      if (!lock || !*lock || (*lock)->get().value() != whole) ::_exit(8);
      tell('h');  // handled
      if ((*lock)->remove()) tell('r');
    };
  }

  void expect_add(const std::string& told, const std::vector<std::string>& there) const {
    if (told == "a") {
      EXPECT_EQ(there, std::vector{whole});
    } else {
      EXPECT_TRUE(there.empty() || there == std::vector{whole});
    }
  }

  void expect_take(const std::string& told, const std::vector<std::string>& there) const {
    if (told.empty()) {
      EXPECT_EQ(there, std::vector{whole});
    } else if (told == "hr") {
      EXPECT_TRUE(there.empty());
    } else {
      EXPECT_TRUE(there.empty() || there == std::vector{whole});
    }
  }

  const std::string whole = std::string(10'000, 'w');
};

TEST_F(CrashTest, AddingLosesNothingAndLeavesNothingHalf) {
  for (const Durability durability : {Durability::none, Durability::full}) {
    kill_everywhere([](Queue&) {}, adding({.durability = durability}),
                    [&](const auto& told, const auto& there) { expect_add(told, there); });
  }
}

TEST_F(CrashTest, AddingByLinkAndUnlinkDeliversOnce) {
  kill_everywhere([](Queue&) {},
                  [&](HookedSystem& killing, const auto& tell) {
                    const auto kill = killing.before;
                    killing.before = [kill](std::string_view call) {
                      return call == "rename" ? -EINVAL : kill(call);
                    };
                    Queue queue = open({.system = &killing});
                    if (queue.add(whole)) tell('a');
                  },
                  [&](const auto& told, const auto& there) { expect_add(told, there); });
}

TEST_F(CrashTest, TakingDeliversAgainUntilTheRemovalHasBegun) {
  kill_everywhere([&](Queue& queue) { ASSERT_TRUE(queue.add(whole)); }, taking({}),
                  [&](const auto& told, const auto& there) { expect_take(told, there); });
}

TEST_F(CrashTest, RecyclingLosesNothingEither) {
  const Options recycling{.recycle = 4};
  const auto fill_pool = [&](Queue& queue) {
    ASSERT_TRUE(queue.add("to be recycled"));
    drain(queue);
    ASSERT_EQ(queue.stat().value().spares, 1U);
  };
  kill_everywhere(
      fill_pool, adding(recycling), [&](const auto& told, const auto& there) { expect_add(told, there); },
      recycling);
  kill_everywhere([&](Queue& queue) { ASSERT_TRUE(queue.add(whole)); }, taking(recycling),
                  [&](const auto& told, const auto& there) { expect_take(told, there); }, recycling);
}

TEST_F(CrashTest, AddingAFileLeavesItOutsideOrInside) {
  kill_everywhere([&](Queue&) { write(root / "message", whole); },
                  [&](HookedSystem& killing, const auto& tell) {
                    Queue queue = open({.system = &killing});
                    if (queue.add_path((root / "message").string())) tell('a');
                  },
                  [&](const auto& told, const auto& there) {
                    expect_add(told, there);
                    EXPECT_NE(fs::exists(root / "message"), !there.empty());
                  });
}

TEST_F(CrashTest, MovingToAnotherQueueLeavesTheElementInExactlyOne) {
  const std::string dead_path = (root / "dead").string();
  kill_everywhere(
      [&](Queue& queue) {
        fs::remove_all(dead_path);
        ASSERT_TRUE(queue.add(whole));
      },
      [&](HookedSystem& killing, const auto& tell) {
        Queue queue = open({.system = &killing});
        Queue dead = Queue::open(dead_path, {.system = &killing}).value();
        Taker taker(queue);
        auto lock = taker.next();
        if (queue.move(**lock, dead)) tell('m');
      },
      [&](const auto& told, const auto& there) {
        Queue dead = Queue::open(dead_path).value();
        const auto moved = drain(dead);
        EXPECT_EQ(there.size() + moved.size(), 1U);
        if (told == "m") {
          EXPECT_EQ(moved, std::vector{whole});
        }
      });
}

TEST_F(CrashTest, MovingToAnotherFilesystemNeverLosesTheElement) {
  const std::string dead_path = (root / "dead").string();
  kill_everywhere(
      [&](Queue& queue) {
        fs::remove_all(dead_path);
        ASSERT_TRUE(queue.add(whole));
      },
      [&](HookedSystem& killing, const auto& tell) {
        Queue queue = open({.system = &killing});
        // The first rename is the move itself; the ones that follow publish the copy.
        const auto kill = killing.before;
        killing.before = [kill, first = true](std::string_view call) mutable {
          return call == "rename" && std::exchange(first, false) ? -EXDEV : kill(call);
        };
        Queue dead = Queue::open(dead_path, {.system = &killing}).value();
        Taker taker(queue);
        auto lock = taker.next();
        if (queue.move(**lock, dead)) tell('m');
      },
      [&](const auto& told, const auto& there) {
        Queue dead = Queue::open(dead_path).value();
        EXPECT_TRUE(dead.purge({.maxtemp = 0s}));
        const auto moved = drain(dead);
        EXPECT_GE(there.size() + moved.size(), 1U);
        if (told == "m") {
          EXPECT_TRUE(there.empty());
        }
      });
}

TEST_F(CrashTest, ABatchIsThereAsFarAsItWasPublishedAndWhollyAfterItsCommit) {
  kill_everywhere([](Queue&) {},
                  [&](HookedSystem& killing, const auto& tell) {
                    Queue queue = open({.durability = Durability::full, .system = &killing});
                    Batch batch(queue);
                    for (const char* text : {"1", "2", "3"}) {
                      if (!batch.add(text)) ::_exit(7);
                    }
                    std::vector<ElementName> published;
                    if (batch.commit(published)) tell('c');
                  },
                  [&](const auto& told, const auto& there) {
                    const std::vector<std::string> all{"1", "2", "3"};
                    ASSERT_LE(there.size(), all.size());
                    EXPECT_TRUE(std::equal(there.begin(), there.end(), all.begin()));
                    if (told == "c") {
                      EXPECT_EQ(there, all);
                    }
                  });
}

}  // namespace
}  // namespace simplevisor::dirq
