// Every stage of a launch made to fail, by the system where it can be brought to, by injection where not.
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "supervisor/process/launcher.hpp"
#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LaunchFailureTest : public testing::Test {
 protected:
  LaunchFailureTest() {
    Recorder::reset();
    plan_.executable = argv_[0];
    plan_.argv = argv_;
    plan_.envp = envp_;
  }

  // The launch must fail and leave nothing behind: no child, no descriptor. Then the same launcher must work.
  LaunchError failure() {
    const auto descriptors_before = open_descriptors();
    const auto result = launcher_.launch(plan_);
    if (result) {
      ADD_FAILURE() << "the launch succeeded";
      wait_for(*result);
      return {};
    }
    EXPECT_TRUE(no_children_left());
    EXPECT_EQ(open_descriptors(), descriptors_before);
    Recorder::reset();
    const LaunchPlan good{.executable = argv_[0], .argv = argv_, .envp = envp_};
    const auto again = launcher_.launch(good);
    EXPECT_TRUE(again);
    if (again) {
      EXPECT_EQ(wait_for(*again), 0);
    }
    return result.error();
  }

  static long open_descriptors() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
  }

  const char* argv_[2] = {"/bin/true", nullptr};
  const char* envp_[1] = {nullptr};
  LaunchPlan plan_;
  Launcher launcher_{SignalPolicy::block_around_clone, Recorder::table()};
};

TEST_F(LaunchFailureTest, SaysThatTheProgramIsMissing) {
  plan_.executable = "/nowhere/at-all";
  const LaunchError error = failure();
  EXPECT_EQ(error.stage, Stage::exec);
  EXPECT_EQ(error.error, ENOENT);
  EXPECT_EQ(error.describe(), "cannot execute: No such file or directory");
}

TEST_F(LaunchFailureTest, SaysThatTheProgramMayNotBeExecuted) {
  const Directory directory;
  const std::string file = directory / "program";
  spill(file, "#!/bin/true\n", 0644);
  plan_.executable = file.c_str();
  EXPECT_EQ(failure().error, EACCES);
}

TEST_F(LaunchFailureTest, SaysThatTheProgramIsNoProgram) {
  const Directory directory;
  const std::string file = directory / "program";
  spill(file, "no magic number", 0755);
  plan_.executable = file.c_str();
  EXPECT_EQ(failure().error, ENOEXEC);
}

TEST_F(LaunchFailureTest, LaunchesNobodyWhoWouldStayAheadOfAllOthers) {
  static const Syscalls no_scheduling{
      .call = [](long number, long a, long b, long c, long d, long e) -> long {
        if (number != SYS_sched_setscheduler) return real_syscalls().call(number, a, b, c, d, e);
        errno = EPERM;
        return -1;
      },
      .clone = real_syscalls().clone};
  Launcher launcher{SignalPolicy::block_around_clone, no_scheduling};
  plan_.scheduling = Scheduling::ahead;
  const auto result = launcher.launch(plan_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().stage, Stage::scheduling);
  EXPECT_EQ(result.error().describe(), "cannot set the scheduling policy: Operation not permitted");
  EXPECT_TRUE(no_children_left());
}

TEST_F(LaunchFailureTest, SaysThatTheDirectoryIsMissing) {
  plan_.directory = "/nowhere";
  const LaunchError error = failure();
  EXPECT_EQ(error.stage, Stage::directory);
  EXPECT_EQ(error.describe(), "cannot change to the working directory: No such file or directory");
}

TEST_F(LaunchFailureTest, SaysWhichStandardStreamCannotBeOpened) {
  plan_.stdio[2] = {Stream::Kind::file, -1, "/nowhere/log"};
  const LaunchError error = failure();
  EXPECT_EQ(error.stage, Stage::stdio);
  EXPECT_EQ(error.describe(), "cannot open standard error: No such file or directory");
}

TEST_F(LaunchFailureTest, DoesNotWaitForTheReaderOfAFifoThatWasNamedAsAFile) {
  const Directory directory;
  const std::string fifo = directory / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  plan_.stdio[1] = {Stream::Kind::file, -1, fifo.c_str()};
  EXPECT_EQ(failure().error, ENXIO);
}

TEST_F(LaunchFailureTest, SaysWhichDescriptorCannotBeHandedOver) {
  const std::array keep{Handover{250, 5}};
  plan_.keep = keep;
  const LaunchError error = failure();
  EXPECT_EQ(error.stage, Stage::descriptors);
  EXPECT_EQ(error.describe(), "cannot hand over descriptor 5: Bad file descriptor");
}

TEST_F(LaunchFailureTest, ClosesThePidfdOfAFailedLaunch) {
  int pidfd = -1;
  plan_.pidfd = &pidfd;
  plan_.executable = "/nowhere";
  EXPECT_EQ(failure().stage, Stage::exec);
}

TEST_F(LaunchFailureTest, PassesOnWhatTheInitialiserReturns) {
  plan_.initialiser = [](void*) { return ENOTTY; };
  const LaunchError error = failure();
  EXPECT_EQ(error.stage, Stage::initialiser);
  EXPECT_EQ(error.error, ENOTTY);
}

TEST_F(LaunchFailureTest, RefusesPlansThatMakeNoSense) {
  plan_.argv = nullptr;
  EXPECT_EQ(failure().error, EINVAL);
  plan_.argv = argv_;
  const std::array keep{Handover{0, 2}};  // standard streams have their own place
  plan_.keep = keep;
  EXPECT_EQ(failure().stage, Stage::prepare);
  plan_.keep = {};
  const std::vector<Handover> too_many(handovers_max + 1, Handover{0, 3});
  plan_.keep = too_many;
  EXPECT_EQ(failure().stage, Stage::prepare);
}

// As a user without privileges, which root becomes in a process of its own.
int unprivileged(const std::function<int()>& body) {
  return in_fork([&] {
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0))
      return 98;
    return body();
  });
}

TEST_F(LaunchFailureTest, SaysWhichLimitItMayNotRaise) {
  EXPECT_EQ(unprivileged([this] {
              const rlimit low{64, 64};
              ::setrlimit(RLIMIT_NOFILE, &low);
              const std::array limits{ResourceLimit{RLIMIT_NOFILE, {.rlim_cur = 128, .rlim_max = 128}}};
              plan_.limits = limits;
              const auto result = launcher_.launch(plan_);
              if (result) return 1;
              if (result.error().describe() != "cannot set RLIMIT_NOFILE: Operation not permitted") return 2;
              return no_children_left() ? 0 : 3;
            }),
            0);
}

TEST_F(LaunchFailureTest, SaysThatItMayNotChangeTheUser) {
  EXPECT_EQ(unprivileged([this] {
              Credentials somebody;
              somebody.uid = ::getuid() + 1;
              somebody.gid = ::getgid();
              plan_.credentials = &somebody;
              const auto result = launcher_.launch(plan_);
              if (result) return 1;
              if (result.error().stage != Stage::credentials || result.error().error != EPERM) return 2;
              return no_children_left() ? 0 : 3;
            }),
            0);
}

TEST_F(LaunchFailureTest, SaysThatItMayNotRaiseThePriority) {
  EXPECT_EQ(unprivileged([this] {
              plan_.nice = -5;
              const auto result = launcher_.launch(plan_);
              return !result && result.error().stage == Stage::priority ? 0 : 1;
            }),
            0);
}

TEST_F(LaunchFailureTest, SaysThatThereMayBeNoMoreProcesses) {
  EXPECT_EQ(unprivileged([this] {
              const rlimit none{0, 0};
              ::setrlimit(RLIMIT_NPROC, &none);
              const auto result = launcher_.launch(plan_);
              return !result && result.error().stage == Stage::clone && result.error().error == EAGAIN ? 0
                                                                                                       : 1;
            }),
            0);
}

TEST_F(LaunchFailureTest, ReportsThatNoProcessCouldBeMade) {
  for (const int error : {EAGAIN, ENOMEM}) {
    Recorder::clone_error = error;
    const LaunchError reported = failure();
    EXPECT_EQ(reported.stage, Stage::clone);
    EXPECT_EQ(reported.error, error);
    EXPECT_THAT(reported.describe(), StartsWith("cannot make a process: "));
  }
}

struct Injection {
  const char* name;
  long number;
  int error;
  int after;  // so many of that number succeed first
  Stage stage;
};

class InjectedFailureTest : public LaunchFailureTest, public testing::WithParamInterface<Injection> {};

// A plan with everything in it, so that every call is made.
TEST_P(InjectedFailureTest, IsReportedWithItsStageAndLeavesNothingBehind) {
  const Directory directory;
  const std::string fifo = directory / "fifo";
  const std::string file = directory / "file";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Pipe pipe;
  const std::array keep{Handover{pipe.write_end, 9}};
  const std::array limits{ResourceLimit{RLIMIT_CORE, {.rlim_cur = 0, .rlim_max = 0}}};
  Credentials own;
  own.uid = ::getuid();
  own.gid = ::getgid();
  plan_.stdio = {Stream{}, {Stream::Kind::fifo, -1, fifo.c_str()}, {Stream::Kind::file, -1, file.c_str()}};
  plan_.stdio[0].kind = Stream::Kind::null;
  plan_.keep = keep;
  plan_.cgroup_procs = pipe.write_end;
  plan_.umask = mode_t{022};
  plan_.limits = limits;
  plan_.nice = ::getpriority(PRIO_PROCESS, 0);
  plan_.directory = "/";
  plan_.credentials = &own;

  Recorder::pretended = SYS_setgroups;  // which only root may call

  const Injection& injection = GetParam();
  // The parent masks signals with the call the child resets its mask with.
  Recorder::fail(injection.number, injection.error, injection.after);
  const LaunchError error = failure();
  EXPECT_EQ(error.stage, injection.stage) << to_string(error.stage);
  EXPECT_EQ(error.error, injection.error);
  EXPECT_THAT(error.describe(), HasSubstr(": "));
}

INSTANTIATE_TEST_SUITE_P(
    EveryCall, InjectedFailureTest,
    testing::Values(Injection{"mprotect", SYS_mprotect, ENOMEM, 0, Stage::prepare},
                    Injection{"unshare_descriptors", SYS_close_range, EMFILE, 0, Stage::descriptors},
                    Injection{"setsid", SYS_setsid, EPERM, 0, Stage::session},
                    Injection{"write_cgroup", SYS_write, ENOSPC, 0, Stage::cgroup},
                    Injection{"dup_stdin", SYS_dup3, EMFILE, 0, Stage::stdio},
                    Injection{"open_fifo", SYS_openat, EMFILE, 0, Stage::stdio},
                    Injection{"open_file", SYS_openat, ENOSPC, 1, Stage::stdio},
                    Injection{"unblock_file", SYS_fcntl, EINVAL, 0, Stage::stdio},
                    Injection{"umask", SYS_umask, EINVAL, 0, Stage::umask},
                    Injection{"prlimit", SYS_prlimit64, EPERM, 0, Stage::limits},
                    Injection{"setpriority", SYS_setpriority, EACCES, 0, Stage::priority},
                    Injection{"chdir", SYS_chdir, EACCES, 0, Stage::directory},
                    Injection{"setgroups", SYS_setgroups, EPERM, 0, Stage::credentials},
                    Injection{"setresgid", SYS_setresgid, EPERM, 0, Stage::credentials},
                    Injection{"setresuid", SYS_setresuid, EAGAIN, 0, Stage::credentials},
                    Injection{"empty_mask", SYS_rt_sigprocmask, EINVAL, 1, Stage::signals},
                    Injection{"close_on_exec", SYS_close_range, EINVAL, 1, Stage::descriptors},
                    Injection{"execve", SYS_execve, ENOMEM, 0, Stage::exec}),
    [](const auto& instance) { return std::string{instance.param.name}; });

}  // namespace
}  // namespace simplevisor::process
