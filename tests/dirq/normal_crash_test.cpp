// tests/dirq/normal_crash_test.cpp
//
// A process that works on a normal queue is killed (SIGKILL) before each of its system calls in turn. Afterwards a purge
// of everything old, as any peer would do in time, and one look: no element whose add had returned is missing, none is
// there twice or in part, an element is gone only when its removal had begun, and no rubbish stays.
#include <gmock/gmock.h>

#include "tests/dirq/killing.hpp"
#include "tests/dirq/normal_support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::HookedSystem;
using testing_support::message;
using testing_support::NormalTest;
using testing_support::Program;
using testing_support::run_and_kill;
using testing_support::steps_max;
using testing_support::text_of;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

class NormalCrashTest : public NormalTest {
 protected:
  using Texts = std::vector<std::string>;

  // Kills `program` at every step. Each time the queue begins with `before`, and `check` gets what was told and what is
  // there afterwards.
  void kill_everywhere(const std::function<void(NormalQueue&)>& before, const Program& program,
                       const std::function<void(const std::string& told, const Texts& there)>& check) {
    bool ended = false;
    int step = 1;
    for (; !ended; ++step) {
      ASSERT_LT(step, steps_max);
      SCOPED_TRACE("killed before call " + std::to_string(step));
      fs::remove_all(path);
      NormalQueue queue = open_normal();
      before(queue);
      const std::string told = run_and_kill(program, step, ended);
      age_all(1h);
      NormalQueue after = open_normal();
      ASSERT_TRUE(after.purge({.maxtemp = 60s, .maxlock = 60s}));
      EXPECT_THAT(rubbish(), IsEmpty());
      const Texts there = drain_normal(after);
      check(told, there);
      EXPECT_THAT(rubbish(), IsEmpty());
    }
    EXPECT_GT(step, 5) << "hardly a call was made: the program does not do what it should";
  }

  [[nodiscard]] Program adding(NormalOptions options) const {
    return [this, options](HookedSystem& killing, const auto& tell) mutable {
      options.system = &killing;
      NormalQueue queue = open_normal(options);
      if (queue.add(message(whole))) tell('a');
    };
  }

  const std::string whole = std::string(10'000, 'w');
};

TEST_F(NormalCrashTest, AddingLosesNothingAndLeavesNothingHalf) {
  for (const Durability durability : {Durability::none, Durability::full}) {
    kill_everywhere([](NormalQueue&) {}, adding({.durability = durability}),
                    [&](const std::string& told, const Texts& there) {
                      if (told == "a") {
                        EXPECT_THAT(there, ElementsAre(whole));
                      } else {
                        EXPECT_THAT(there, AnyOf(IsEmpty(), ElementsAre(whole)));
                      }
                    });
  }
}

TEST_F(NormalCrashTest, BeginningTheNextDirectoryLosesNothing) {
  kill_everywhere([](NormalQueue& queue) { ASSERT_TRUE(queue.add(message("first"))); },
                  adding({.elements_max = 1}),
                  [&](const std::string& told, const Texts& there) {
                    if (told == "a") {
                      EXPECT_THAT(there, ElementsAre("first", whole));
                    } else {
                      EXPECT_THAT(there, AnyOf(ElementsAre("first"), ElementsAre("first", whole)));
                    }
                  });
}

TEST_F(NormalCrashTest, TakingDeliversAgainUntilTheRemovalHasBegun) {
  kill_everywhere([&](NormalQueue& queue) { ASSERT_TRUE(queue.add(message(whole))); },
                  [&](HookedSystem& killing, const auto& tell) {
                    NormalQueue queue = open_normal({.system = &killing});
                    auto lock = queue.take();
                    if (!lock || !*lock || !(*lock)->touch() || text_of((*lock)->get().value()) != whole)
                      ::_exit(8);
                    tell('h');  // handled
                    if ((*lock)->remove()) tell('r');
                  },
                  [&](const std::string& told, const Texts& there) {
                    if (told.empty()) {
                      EXPECT_THAT(there, ElementsAre(whole));
                    } else if (told == "hr") {
                      EXPECT_THAT(there, IsEmpty());
                    } else {
                      EXPECT_THAT(there, AnyOf(IsEmpty(), ElementsAre(whole)));
                    }
                  });
}

TEST_F(NormalCrashTest, APurgeThatIsKilledLosesNothingAndIsEndedByTheNext) {
  const auto ready = [&](NormalQueue& queue) {
    queue.lock(queue.add(message(whole)).value()).value().release();
    for (const char* name : {"temporary/00000000000001", "obsolete/00000000000002"}) {
      fs::create_directories(path / name / "locked");
      write(path / name / "text", "half");
    }
    age_all(1h);
  };
  kill_everywhere(
      ready,
      [&](HookedSystem& killing, const auto& tell) {
        if (open_normal({.system = &killing}).purge()) tell('p');
      },
      [&](const std::string&, const Texts& there) { EXPECT_THAT(there, ElementsAre(whole)); });
}

TEST_F(NormalCrashTest, QuarantineLeavesTheElementInTheQueueOrOut) {
  kill_everywhere([&](NormalQueue& queue) { ASSERT_TRUE(queue.add(message(whole))); },
                  [&](HookedSystem& killing, const auto& tell) {
                    NormalQueue queue = open_normal({.system = &killing});
                    auto lock = queue.take();
                    if (queue.quarantine(**lock, "why")) tell('q');
                  },
                  [&](const std::string& told, const Texts& there) {
                    std::size_t aside = 0;
                    if (fs::exists(path / "corrupt")) {
                      for (const auto& entry : fs::directory_iterator(path / "corrupt"))
                        aside += entry.is_directory() && content(entry.path() / "text") == whole ? 1 : 0;
                    }
                    EXPECT_EQ(there.size() + aside, 1U);
                    if (told == "q") {
                      EXPECT_EQ(aside, 1U);
                    }
                  });
}

}  // namespace
}  // namespace simplevisor::dirq
