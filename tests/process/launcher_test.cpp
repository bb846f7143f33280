#include "supervisor/process/launcher.hpp"

#include <gmock/gmock.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "supervisor/process/own_process.hpp"
#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LauncherTest : public testing::Test {
 protected:
  LauncherTest() {
    Recorder::reset();
    reset_inherited_signals();
  }

  // Runs the probe with `plan` completed, its standard output in a pipe; what it printed.
  std::map<std::string, std::string> probe(LaunchPlan plan, std::vector<const char*> arguments = {}) {
    const std::string path = program("process_probe");
    arguments.insert(arguments.begin(), path.c_str());
    arguments.push_back(nullptr);
    Pipe output;
    plan.executable = path.c_str();
    plan.argv = arguments.data();
    if (plan.envp == nullptr) plan.envp = environment_.data();
    if (plan.stdio[1].kind == Stream::Kind::inherit)
      plan.stdio[1] = {Stream::Kind::descriptor, output.write_end};
    Launcher launcher;
    const auto pid = launcher.launch(plan);
    if (!pid) {
      ADD_FAILURE() << pid.error().describe();
      return {};
    }
    pid_ = *pid;
    auto values = parse_lines(output.read_all());
    EXPECT_EQ(wait_for(*pid), 0);
    return values;
  }

  std::vector<const char*> environment_{"COLOUR=blue", nullptr};
  pid_t pid_ = 0;
};

TEST_F(LauncherTest, MakesTheWorkerLeaderOfItsOwnSessionAndGroup) {
  auto worker = probe({});
  EXPECT_EQ(worker["pid"], std::to_string(pid_));
  EXPECT_EQ(worker["session"], worker["pid"]);
  EXPECT_EQ(worker["group"], worker["pid"]);
}

TEST_F(LauncherTest, MakesTheWorkerLeaderOfAGroupInOurSessionIfAskedTo) {
  auto worker = probe({.leads = Leads::group});
  EXPECT_EQ(worker["session"], std::to_string(::getsid(0)));
  EXPECT_EQ(worker["group"], worker["pid"]);
}

TEST_F(LauncherTest, LeavesTheWorkerInOurSessionAndGroupIfAskedTo) {
  auto worker = probe({.leads = Leads::nothing});
  EXPECT_EQ(worker["session"], std::to_string(::getsid(0)));
  EXPECT_EQ(worker["group"], std::to_string(::getpgrp()));
}

TEST_F(LauncherTest, GivesTheWorkerItsEnvironmentAndNothingOfOurs) {
  ::setenv("OURS", "secret", 1);
  auto worker = probe({}, {"COLOUR", "OURS"});
  EXPECT_EQ(worker["COLOUR"], "blue");
  EXPECT_EQ(worker["OURS"], "(unset)");
}

TEST_F(LauncherTest, StartsTheWorkerWithAllSignalsAtTheirDefault) {
  // What a careless library or parent may have left: handlers, ignored signals, a mask.
  std::signal(SIGUSR1, [](int) {});
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGRTMAX, SIG_IGN);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  auto worker = probe({});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  for (const int signal : {SIGUSR1, SIGPIPE, SIGRTMAX}) std::signal(signal, SIG_DFL);
  EXPECT_EQ(worker["blocked"], "0");
  EXPECT_EQ(worker["ignored"], "0");
  EXPECT_EQ(worker["caught"], "0");
}

TEST_F(LauncherTest, ConnectsStandardInputToTheNullDevice) {
  EXPECT_EQ(probe({})["stdin"], "/dev/null");
}

TEST_F(LauncherTest, HandsOverOnlyWhatIsNamed) {
  const int leaking = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  Pipe kept;
  ASSERT_EQ(::write(kept.write_end, "hello", 5), 5);
  const std::array keep{Handover{kept.read_end, 7}};
  auto worker = probe({.keep = keep}, {"fd:7"});
  EXPECT_EQ(worker["descriptors"], "0 1 2 7 ");
  EXPECT_EQ(worker["fd:7"], "hello");
  ::close(leaking);
}

TEST_F(LauncherTest, HandsOverDescriptorsWhoseNumbersAreEachOthersTargets) {
  Pipe first;
  Pipe second;
  ASSERT_EQ(::write(first.write_end, "first", 5), 5);
  ASSERT_EQ(::write(second.write_end, "second", 6), 6);
  const std::array keep{Handover{first.read_end, second.read_end}, Handover{second.read_end, first.read_end}};
  const std::string at_first = "fd:" + std::to_string(first.read_end);
  const std::string at_second = "fd:" + std::to_string(second.read_end);
  auto worker = probe({.keep = keep}, {at_first.c_str(), at_second.c_str()});
  EXPECT_EQ(worker[at_first], "second");
  EXPECT_EQ(worker[at_second], "first");
}

TEST_F(LauncherTest, HandsOverADescriptorUnderItsOwnNumber) {
  Pipe kept;
  ASSERT_EQ(::write(kept.write_end, "same", 4), 4);
  const std::array keep{Handover{kept.read_end, kept.read_end}};
  const std::string at = "fd:" + std::to_string(kept.read_end);
  EXPECT_EQ(probe({.keep = keep}, {at.c_str()})[at], "same");
}

TEST_F(LauncherTest, HandsOverAHighDescriptor) {
  Pipe kept;
  ASSERT_EQ(::write(kept.write_end, "high", 4), 4);
  const int high = ::fcntl(kept.read_end, F_DUPFD_CLOEXEC, 900);
  ASSERT_GE(high, 900);
  const std::array keep{Handover{high, 3}};
  auto worker = probe({.keep = keep}, {"fd:3"});
  EXPECT_EQ(worker["fd:3"], "high");
  EXPECT_EQ(worker["descriptors"], "0 1 2 3 ");
  ::close(high);
}

TEST_F(LauncherTest, ExchangesStandardOutputAndErrorOfTheSupervisor) {
  // Sources 1 and 2 are targets as well; in a process of its own, for it changes its standard streams.
  Pipe output;
  Pipe error;
  EXPECT_EQ(in_fork([&] {
              ::dup2(output.write_end, 1);
              ::dup2(error.write_end, 2);
              LaunchPlan plan;
              plan.stdio[1] = {Stream::Kind::descriptor, 2};
              plan.stdio[2] = {Stream::Kind::descriptor, 1};
              const char* argv[] = {"/bin/sh", "-c", "echo output; echo error >&2", nullptr};
              plan.executable = argv[0];
              plan.argv = argv;
              plan.envp = environment_.data();
              Launcher launcher;
              const auto pid = launcher.launch(plan);
              return pid ? wait_for(*pid) : 99;
            }),
            0);
  EXPECT_EQ(output.read_all(), "error\n");
  EXPECT_EQ(error.read_all(), "output\n");
}

TEST_F(LauncherTest, AppendsToAFileThatIsCreatedPrivate) {
  const Directory directory;
  const std::string path = directory / "output";
  LaunchPlan plan;
  plan.stdio[1] = {Stream::Kind::file, -1, path.c_str()};
  plan.stdio[2] = {Stream::Kind::output};
  probe(plan);
  probe(plan);
  const std::string text = slurp(path);
  EXPECT_THAT(text, HasSubstr("standard error"));
  EXPECT_NE(text.find("standard error"), text.rfind("standard error"));
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::others_all,
            std::filesystem::perms::none);
}

TEST_F(LauncherTest, OpensAFifoThatSurvivesItsReader) {
  const Directory directory;
  const std::string path = directory / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  LaunchPlan plan;
  plan.stdio[1] = {Stream::Kind::fifo, -1, path.c_str()};
  // Nobody reads: a worker on a plain pipe would be killed by SIGPIPE. Our end holds what it wrote.
  const int keeper = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  probe(plan);
  std::array<char, 4096> text{};
  EXPECT_GT(::read(keeper, text.data(), text.size()), 0);
  EXPECT_THAT(std::string{text.data()}, HasSubstr("session="));
  ::close(keeper);
}

TEST_F(LauncherTest, SetsUmaskPriorityDirectoryAndLimits) {
  const Directory directory;
  const std::string where = std::filesystem::canonical(directory.path());
  const std::array limits{ResourceLimit{RLIMIT_NOFILE, {.rlim_cur = 77, .rlim_max = 99}}};
  auto worker = probe({.umask = mode_t{027},
                       .limits = limits,
                       .nice = ::getpriority(PRIO_PROCESS, 0) + 3,
                       .directory = where.c_str()});
  EXPECT_EQ(worker["umask"], "27");
  EXPECT_EQ(worker["nice"], std::to_string(::getpriority(PRIO_PROCESS, 0) + 3));
  EXPECT_EQ(worker["nofile"], "77");
  EXPECT_EQ(worker["cwd"], where);
}

TEST_F(LauncherTest, RunsTheWorkerAsAnotherUserForGood) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may change users";
  Credentials nobody;
  nobody.uid = 65534;
  nobody.gid = 65533;
  nobody.groups = {65533, 65532};
  // The test programs may lie where only root may go.
  const char* argv[] = {"/bin/sh", "-c", "id -u; id -g; id -G; cat /proc/self/status | grep -E '^[UG]id'",
                        nullptr};
  Pipe output;
  LaunchPlan plan{.executable = argv[0], .argv = argv, .envp = environment_.data(), .credentials = &nobody};
  plan.stdio[1] = {Stream::Kind::descriptor, output.write_end};
  Launcher launcher;
  const auto pid = launcher.launch(plan);
  ASSERT_TRUE(pid) << pid.error().describe();
  EXPECT_EQ(
      output.read_all(),
      "65534\n65533\n65533 65532\nUid:\t65534\t65534\t65534\t65534\nGid:\t65533\t65533\t65533\t65533\n");
  wait_for(*pid);
}

TEST_F(LauncherTest, GivesAPidfdOnlyWhenAsked) {
  int pidfd = -1;
  LaunchPlan plan;
  plan.pidfd = &pidfd;
  probe(plan);
  ASSERT_GE(pidfd, 0);
  EXPECT_EQ(::fcntl(pidfd, F_GETFD), FD_CLOEXEC);
  ::close(pidfd);
}

TEST_F(LauncherTest, RunsAnInitialiserInTheChild) {
  pid_t seen = 0;
  LaunchPlan plan;
  plan.initialiser = [](void* argument) {
    *static_cast<pid_t*>(argument) = static_cast<pid_t>(::syscall(SYS_getpid));
    return 0;
  };
  plan.initialiser_argument = &seen;
  probe(plan);
  EXPECT_EQ(seen, pid_);
}

TEST_F(LauncherTest, SpendsNoMoreSystemCallsThanItPromises) {
  Launcher launcher{SignalPolicy::no_handlers_installed, Recorder::table()};
  const char* argv[] = {"/bin/true", nullptr};
  const LaunchPlan plan{.executable = argv[0], .argv = argv, .envp = environment_.data()};
  ASSERT_TRUE(launcher.launch(plan));  // the first one also maps the stack
  Recorder::reset();
  ASSERT_TRUE(launcher.launch(plan));
  std::vector<long> calls = Recorder::calls();
  // Sanitizers install handlers, which are set back one by one.
  std::erase(calls, SYS_rt_sigaction);
  EXPECT_THAT(calls, ElementsAre(SYS_close_range, SYS_setsid, SYS_dup3, SYS_rt_sigprocmask, SYS_close_range,
                                 SYS_execve));
  while (!no_children_left()) {
    siginfo_t info;
    ::waitid(P_ALL, 0, &info, WEXITED);
  }
}

TEST_F(LauncherTest, BlocksSignalsAroundCloneUnlessToldThatThereAreNoHandlers) {
  Launcher launcher{SignalPolicy::block_around_clone, Recorder::table()};
  const char* argv[] = {"/bin/true", nullptr};
  const LaunchPlan plan{.executable = argv[0], .argv = argv, .envp = environment_.data()};
  const auto pid = launcher.launch(plan);
  ASSERT_TRUE(pid);
  EXPECT_EQ(std::ranges::count(Recorder::calls(), SYS_rt_sigprocmask), 3);
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_FALSE(sigismember(&mask, SIGTERM));
  wait_for(*pid);
}

}  // namespace
}  // namespace simplevisor::process
