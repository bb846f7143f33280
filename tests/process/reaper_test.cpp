#include "supervisor/process/reaper.hpp"

#include <gmock/gmock.h>
#include <sched.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <system_error>

#include "supervisor/process/launcher.hpp"
#include "supervisor/process/own_process.hpp"
#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ReaperTest : public testing::Test {
 protected:
  ReaperTest() {
    Recorder::reset();
    reset_inherited_signals();
  }

  Reaper::Handler handler() {
    return {
        .is_known = [this](pid_t pid) { return known_.contains(pid); },
        .on_exit =
            [this](pid_t pid, const ExitStatus& status) {
              known_.erase(pid);
              ends_.emplace_back(pid, status.describe());
              if (on_end_) on_end_();
            },
        .on_signal = [this](int signal, pid_t sender) { signals_.emplace_back(signal, sender); },
        .on_orphan = [this](pid_t, const ExitStatus& status) { orphans_.push_back(status.describe()); },
    };
  }

  pid_t start(std::vector<const char*> argv, int output = -1, bool known = true) {
    argv.push_back(nullptr);
    const char* envp[] = {"PATH=/usr/bin:/bin", nullptr};
    LaunchPlan plan{.executable = argv[0], .argv = argv.data(), .envp = envp};
    if (output >= 0) plan.stdio[1] = {Stream::Kind::descriptor, output};
    const auto pid = launcher_.launch(plan);
    EXPECT_TRUE(pid) << pid.error().describe();
    if (known) known_.insert(pid.value_or(0));
    return pid.value_or(0);
  }

  // Runs the loop until `fact` holds.
  void run_until(const std::function<bool()>& fact) {
    while (!fact()) {
      ASSERT_EQ(io_.run_one_for(20s), 1U) << "nothing happens any more";
    }
  }

  boost::asio::io_context io_{1};
  Launcher launcher_;
  std::set<pid_t> known_;
  std::vector<std::pair<pid_t, std::string>> ends_;
  std::vector<std::pair<int, pid_t>> signals_;
  std::vector<std::string> orphans_;
  std::function<void()> on_end_;
};

TEST_F(ReaperTest, TellsHowAChildEnded) {
  Reaper reaper{io_, handler()};
  const pid_t first = start({"/bin/sh", "-c", "exit 3"});
  run_until([this] { return ends_.size() == 1; });
  const pid_t second = start({"/bin/sh", "-c", "kill -9 $$"});
  run_until([this] { return ends_.size() == 2; });
  EXPECT_THAT(ends_, ElementsAre(std::pair{first, "exited with status 3"},
                                 std::pair{second, "killed by signal 9 (SIGKILL)"}));
  EXPECT_TRUE(no_children_left());
}

TEST_F(ReaperTest, SeesAChildThatEndedBeforeItWasMade) {
  const pid_t pid = start({"/bin/true"});
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  Reaper reaper{io_, handler()};
  reaper.poll();
  EXPECT_THAT(ends_, ElementsAre(std::pair{pid, "exited with status 0"}));
}

TEST_F(ReaperTest, EndsWhatIsLeftOfTheGroupBeforeItTells) {
  Reaper reaper{io_, handler()};
  Pipe output;
  // The left-over holds the pipe open, so its end is the end of the file.
  start({"/bin/sh", "-c", "sleep 1000 & exit 5"}, output.write_end);
  run_until([this] { return ends_.size() == 1; });
  EXPECT_EQ(output.read_all(), "");
  EXPECT_EQ(ends_[0].second, "exited with status 5");
}

TEST_F(ReaperTest, ReapsChildrenItDoesNotKnowWithoutSignallingTheirGroup) {
  Reaper reaper{io_, handler(), {SIGTERM}, Recorder::table()};
  start({"/bin/sh", "-c", "exit 7"}, -1, false);
  run_until([this] { return !orphans_.empty(); });
  EXPECT_THAT(orphans_, ElementsAre("exited with status 7"));
  EXPECT_EQ(reaper.orphans(), 1U);
  EXPECT_EQ(std::ranges::count(Recorder::calls(), SYS_kill), 0);
  EXPECT_TRUE(no_children_left());
}

TEST_F(ReaperTest, ReapsOrphansAsASubReaper) {
  ASSERT_TRUE(become_subreaper());
  Reaper reaper{io_, handler()};
  // The worker stays until the other has left its group, or it would be killed with it.
  start({"/bin/sh", "-c", "setsid --fork /bin/sh -c 'echo; exit 7' | read line"});
  run_until([this] { return ends_.size() == 1 && orphans_.size() == 1; });
  EXPECT_THAT(orphans_, ElementsAre("exited with status 7"));
  EXPECT_TRUE(no_children_left());
}

TEST_F(ReaperTest, SeesEveryOneOfManyEndsThatMergeIntoOneSignal) {
  Reaper reaper{io_, handler()};
  constexpr std::size_t many = Reaper::ends_per_turn * 2 + 10;
  for (std::size_t i = 0; i < many; ++i) start({"/bin/true"});
  // Other work that came up with the first end is not kept waiting for all of them.
  std::optional<std::size_t> ends_before_other_work;
  on_end_ = [&] {
    if (ends_.size() == 1) boost::asio::post(io_, [&] { ends_before_other_work = ends_.size(); });
  };
  run_until([&] { return ends_.size() == many; });
  ASSERT_TRUE(ends_before_other_work);
  EXPECT_LE(*ends_before_other_work, Reaper::ends_per_turn + 1);
  EXPECT_TRUE(no_children_left());
}

// A walk over all children takes this long where there are very many.
long call_with_slow_walks(long number, long a, long b, long c, long d, long e) {
  const auto begin = std::chrono::steady_clock::now();
  while (number == SYS_waitid && a == P_ALL && std::chrono::steady_clock::now() < begin + 3ms) {
  }
  return real_syscalls().call(number, a, b, c, d, e);
}

TEST_F(ReaperTest, FindsMergedEndsAlsoWhenItSparesItselfTheWalk) {
  const Syscalls slow{&call_with_slow_walks, real_syscalls().clone};
  Reaper reaper{io_, handler(), {}, slow};
  start({"/bin/true"});
  run_until([this] { return ends_.size() == 1; });
  for (const pid_t pid : {start({"/bin/true"}), start({"/bin/true"})}) {
    siginfo_t info;
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  }
  run_until([this] { return ends_.size() == 3; });
  EXPECT_TRUE(no_children_left());
}

TEST_F(ReaperTest, PassesOnTheSignalsItWasAskedFor) {
  Reaper reaper{io_, handler()};
  ::kill(::getpid(), SIGHUP);
  ::kill(::getpid(), SIGTERM);
  run_until([this] { return signals_.size() == 2; });
  EXPECT_THAT(signals_, ElementsAre(std::pair{SIGHUP, ::getpid()}, std::pair{SIGTERM, ::getpid()}));
}

TEST_F(ReaperTest, IsNotMisledByTheSignalOfAChildThatIsGoneAlready) {
  Reaper reaper{io_, handler(), {SIGTERM}, Recorder::table()};
  const char* argv[] = {"/nowhere", nullptr};
  const LaunchPlan failing{.executable = argv[0], .argv = argv, .envp = argv + 1};
  ASSERT_FALSE(launcher_.launch(failing));  // reaped by the launcher; its SIGCHLD is pending
  ::kill(::getpid(), SIGTERM);
  run_until([this] { return !signals_.empty(); });
  EXPECT_TRUE(ends_.empty());
  EXPECT_TRUE(orphans_.empty());
  EXPECT_EQ(std::ranges::count(Recorder::calls(), SYS_kill), 0);
}

TEST_F(ReaperTest, SpendsFourSystemCallsOnAnEnd) {
  Reaper reaper{io_, handler(), {}, Recorder::table()};
  start({"/bin/true"});
  Recorder::reset();
  run_until([this] { return ends_.size() == 1; });
  EXPECT_THAT(Recorder::calls(), ElementsAre(SYS_waitid, SYS_kill, SYS_waitid, SYS_waitid));
}

TEST_F(ReaperTest, MayBeDestroyedByItsHandler) {
  auto reaper = std::make_unique<Reaper>(io_, handler());
  on_end_ = [&] { reaper.reset(); };
  const pid_t first = start({"/bin/true"});
  const pid_t second = start({"/bin/true"});
  siginfo_t info;
  for (const pid_t pid : {first, second}) {
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  }
  io_.run();  // returns, since nothing listens any more
  EXPECT_EQ(ends_.size(), 1U);
  wait_for(ends_[0].first == first ? second : first);
}

TEST_F(ReaperTest, ThrowsWhenThereIsNoSignalfd) {
  Recorder::fail(SYS_signalfd4, EMFILE);
  EXPECT_THROW((Reaper{io_, handler(), {}, Recorder::table()}), std::system_error);
}

// As the first process of a container: orphans come to it, and signals at their default do not end it but arrive.
TEST(ReaperAsPid1, ReapsOrphansAndHearsSignals) {
  Pipe ready;
  const int result = in_fork([&] {
    const int flags = ::geteuid() == 0 ? CLONE_NEWPID : CLONE_NEWUSER | CLONE_NEWPID;
    if (::unshare(flags) != 0) return 77;
    const pid_t init = ::fork();
    if (init == 0) {
      reset_inherited_signals();
      boost::asio::io_context io{1};
      Launcher launcher;
      bool stop = false;
      bool orphan_seen = false;
      Reaper reaper{io,
                    {.is_known = [](pid_t) { return false; },
                     .on_exit = [](pid_t, const ExitStatus&) {},
                     .on_signal = [&](int signal, pid_t) { stop = signal == SIGTERM; },
                     .on_orphan = [&](pid_t, const ExitStatus& status) { orphan_seen |= status.code == 7; }}};
      const char* argv[] = {"/usr/bin/setsid", "--fork", "/bin/sh", "-c", "exit 7", nullptr};
      const char* envp[] = {nullptr};
      const LaunchPlan plan{.executable = argv[0], .argv = argv, .envp = envp};
      if (::getpid() != 1 || !launcher.launch(plan)) ::_exit(2);
      if (::write(ready.write_end, "r", 1) != 1) ::_exit(3);
      while (!(stop && orphan_seen)) {
        if (io.run_one_for(20s) == 0) ::_exit(4);
      }
      ::_exit(no_children_left() ? 0 : 5);
    }
    char byte = 0;
    if (::read(ready.read_end, &byte, 1) != 1) return 6;
    ::kill(init, SIGTERM);
    return wait_for(init);
  });
  if (result == 77) GTEST_SKIP() << "process namespaces are not permitted here";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace simplevisor::process
