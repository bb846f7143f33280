// Who runs ahead of whom, for how long, and how many at once; with real processes where the system permits it.
#include "supervisor/runtime/precedence.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <thread>
#include <vector>

#include "supervisor/process/background_thread.hpp"
#include "supervisor/process/launcher.hpp"

namespace simplevisor::runtime {
namespace {

using process::Scheduling;

constexpr int ahead_policy = process::ahead_policy;

// Whether this system lets us do it at all: asked without the code under test, by a thread that ends.
bool permitted() {
  bool may = false;
  std::thread([&] {
    const sched_param wanted{.sched_priority = process::thread_priority};
    may = ::getpriority(PRIO_PROCESS, 0) == 0 && ::sched_setscheduler(0, ahead_policy, &wanted) == 0 &&
          ::sched_setscheduler(0, SCHED_FIFO, &wanted) == 0;
  }).join();
  return may;
}

// A system that says yes, and is told what was asked of it.
struct Pretended {
  static inline std::map<long, int> policies{};  // by pid
  static inline std::vector<long> made_ordinary{};
  static inline int refusal = 0;
  static inline bool flag_sticks = false;  // SCHED_RESET_ON_FORK, as without CAP_SYS_NICE
  static inline int nice = 0;
  static inline std::size_t runnable = 0;

  static void reset() {
    runnable = 10'000;
    flag_sticks = false;
    nice = 0;
    policies.clear();
    made_ordinary.clear();
    refusal = 0;
  }
  static long call(long number, long a, long b, long c, long /*d*/, long /*e*/) {
    switch (number) {
      case SYS_sched_getscheduler:
        return policies[a];
      case SYS_sched_getparam:
        reinterpret_cast<sched_param*>(b)->sched_priority = process::worker_priority;
        return 0;
      case SYS_sched_setscheduler:
        if (refusal != 0 || (flag_sticks && (b & SCHED_RESET_ON_FORK) == 0)) {
          errno = EPERM;
          return -1;
        }
        policies[a] = static_cast<int>(b);
        if (b == SCHED_OTHER) made_ordinary.push_back(a);
        EXPECT_NE(c, 0);
        return 0;
      case SYS_getpriority:
        return 20 - nice;
      case SYS_openat:
        return process::real_syscalls().call(number, a, b, c, 0, 0);
      case SYS_pread64:
        return std::snprintf(reinterpret_cast<char*>(b), static_cast<std::size_t>(c),
                             "0.20 10.18 0.12 %zu/80 11206\n", runnable);
      default:
        ADD_FAILURE() << "call " << number;
        return -1;
    }
  }
};
const process::Syscalls pretending{&Pretended::call, nullptr};

class PrecedenceTest : public testing::Test {
 protected:
  PrecedenceTest() { Pretended::reset(); }
  boost::asio::io_context io;
};

TEST_F(PrecedenceTest, IsTheThreadsUntilItEnds) {
  const bool may = permitted();
  {
    Precedence precedence{io, process::real_syscalls()};
    EXPECT_EQ(precedence.claim(), may);
    EXPECT_EQ(::sched_getscheduler(0), may ? ahead_policy : SCHED_OTHER);
    EXPECT_EQ(precedence.of_next(false), Scheduling::ordinary);
    int of_a_thread = -1;
    process::background_thread("test", [&] { of_a_thread = ::sched_getscheduler(0); }).join();
    EXPECT_EQ(of_a_thread, SCHED_OTHER);
  }
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

TEST_F(PrecedenceTest, OfAWorkerEndsAfterAMoment) {
  const bool may = permitted();
  const char* const arguments[] = {"/bin/sleep", "100000", nullptr};
  const char* const environment[] = {nullptr};
  process::Launcher launcher;
  Precedence precedence{io, process::real_syscalls()};
  precedence.claim();
  const auto launch = [&](Scheduling scheduling) {
    process::LaunchPlan plan{.executable = arguments[0], .argv = arguments, .envp = environment};
    plan.scheduling = scheduling;
    const auto pid = launcher.launch(plan);
    EXPECT_TRUE(pid);
    precedence.launched(*pid, plan.scheduling);
    return *pid;
  };
  const pid_t first = launch(Scheduling::ordinary);
  EXPECT_EQ(::sched_getscheduler(first), SCHED_OTHER);
  const pid_t again = launch(may ? Scheduling::ahead : Scheduling::ordinary);
  EXPECT_EQ(::sched_getscheduler(again), may ? ahead_policy : SCHED_OTHER);
  EXPECT_EQ(::sched_getscheduler(0), may ? ahead_policy : SCHED_OTHER) << "what else it makes is ordinary";
  io.run();
  EXPECT_EQ(::sched_getscheduler(again), SCHED_OTHER);
  for (const pid_t pid : {first, again}) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

TEST_F(PrecedenceTest, WithoutPermissionChangesNothing) {
  Pretended::refusal = EPERM;
  Precedence precedence{io, pretending};
  EXPECT_FALSE(precedence.claim());
  EXPECT_EQ(precedence.of_next(true), Scheduling::ordinary);
}

TEST_F(PrecedenceTest, IsNotClaimedOverWhatSomebodyElseHasChosen) {
  Pretended::policies[0] = SCHED_BATCH;
  Precedence precedence{io, pretending};
  EXPECT_FALSE(precedence.claim());
  Pretended::policies[0] = SCHED_OTHER;
  Pretended::nice = 10;
  EXPECT_FALSE(precedence.claim()) << "workers would not inherit it";
}

TEST_F(PrecedenceTest, IsNotClaimedWhereItCouldNotBeGivenBack) {
  Pretended::flag_sticks = true;
  Precedence precedence{io, pretending};
  EXPECT_FALSE(precedence.claim());
  EXPECT_EQ(Pretended::policies[0], SCHED_OTHER | SCHED_RESET_ON_FORK);
  EXPECT_EQ(precedence.of_next(true), Scheduling::ordinary);
}

TEST_F(PrecedenceTest, IsOnlyForWhoWouldHaveToWait) {
  Precedence precedence{io, pretending};
  ASSERT_TRUE(precedence.claim());
  Pretended::runnable = std::thread::hardware_concurrency();
  EXPECT_EQ(precedence.of_next(true), Scheduling::ordinary);
  ++Pretended::runnable;
  EXPECT_EQ(precedence.of_next(true), Scheduling::ahead);
  EXPECT_EQ(precedence.of_next(false), Scheduling::ordinary);
}

TEST_F(PrecedenceTest, IsGivenBackByAllWhoHaveIt) {
  Precedence precedence{io, pretending};
  ASSERT_TRUE(precedence.claim());
  constexpr pid_t ahead = 4711;
  Pretended::runnable = std::thread::hardware_concurrency() + 1;
  precedence.launched(ahead, precedence.of_next(true));
  Pretended::policies[ahead] = ahead_policy;
  precedence.give_back();
  EXPECT_EQ(Pretended::policies[0], SCHED_OTHER);
  EXPECT_EQ(Pretended::policies[ahead], SCHED_OTHER);
  EXPECT_EQ(precedence.of_next(true), Scheduling::ordinary);
}

TEST_F(PrecedenceTest, LeavesAProcessorToTheOthers) {
  Precedence precedence{io, pretending};
  ASSERT_TRUE(precedence.claim());
  pid_t pid = 100;
  for (; precedence.of_next(true) == Scheduling::ahead; ++pid) precedence.launched(pid, Scheduling::ahead);
  EXPECT_EQ(static_cast<unsigned>(pid - 100), std::max(std::thread::hardware_concurrency(), 2U) - 1);
  EXPECT_EQ(precedence.of_next(true), Scheduling::ordinary);
  precedence.ended(100);
  EXPECT_EQ(precedence.of_next(true), Scheduling::ahead);
}

TEST_F(PrecedenceTest, CallsBackNobodyWhoEndedOrHasChosenForItself) {
  Precedence precedence{io, pretending};
  ASSERT_TRUE(precedence.claim());
  Pretended::policies = {{0, SCHED_OTHER}, {1, ahead_policy}, {2, SCHED_RR}, {3, ahead_policy}};
  for (const pid_t pid : {1, 2, 3}) precedence.launched(pid, Scheduling::ahead);
  precedence.ended(1);
  io.run();
  EXPECT_EQ(Pretended::made_ordinary, std::vector<long>{3});
}

TEST_F(PrecedenceTest, GivesEverythingBackAtItsEnd) {
  {
    Precedence precedence{io, pretending};
    ASSERT_TRUE(precedence.claim());
    Pretended::policies[7] = ahead_policy;
    precedence.launched(7, Scheduling::ahead);
  }
  EXPECT_EQ(Pretended::made_ordinary, (std::vector<long>{7, 0}));
}

}  // namespace
}  // namespace simplevisor::runtime
