#include "supervisor/cli/daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace simplevisor::cli {
namespace {

using ::testing::HasSubstr;
using Kind = Announced::Kind;
using namespace std::chrono_literals;

int reaped(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

TEST(Background, ReturnsWithWhatTheChildSays) {
  const Announced said = run_in_background(
      [](Announcement& announcement) {
        announcement.tell(8, "one\ntwo");
        announcement.tell(0, "never heard");
        return 3;
      },
      20s);
  EXPECT_EQ(said.kind, Kind::told);
  EXPECT_EQ(said.exit_code, 8);
  EXPECT_EQ(said.text, "one\ntwo");
  EXPECT_EQ(WEXITSTATUS(reaped(said.pid)), 3);
}

TEST(Background, TheChildLeadsItsSessionAndHasNoTerminal) {
  const Announced said = run_in_background(
      [](Announcement& announcement) {
        const bool leader = ::getsid(0) == ::getpid();
        std::string text = leader ? "leader" : "no leader";
        for (const char* stream : {"0", "1", "2"}) {
          text += " " + std::filesystem::read_symlink(std::string("/proc/self/fd/") + stream).string();
        }
        announcement.tell(0, text);
        return 0;
      },
      20s);
  EXPECT_EQ(said.text, "leader /dev/null /dev/null /dev/null");
  reaped(said.pid);
}

TEST(Background, SaysHowAChildDiedThatSaidNothing) {
  const Announced left = run_in_background([](Announcement&) { return 9; }, 20s);
  EXPECT_EQ(left.kind, Kind::died);
  EXPECT_THAT(left.text, HasSubstr("ended with status 9"));
  const Announced killed = run_in_background([](Announcement&) { return ::raise(SIGKILL); }, 20s);
  EXPECT_EQ(killed.kind, Kind::died);
  EXPECT_THAT(killed.text, HasSubstr("killed by signal 9"));
}

TEST(Background, TellsOfAnException) {
  const Announced said =
      run_in_background([](Announcement&) -> int { throw std::runtime_error("no memory for that"); }, 20s);
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_EQ(said.text, "no memory for that");
  reaped(said.pid);
}

TEST(Background, DoesNotWaitLongerThanItIsTold) {
  for (const auto patience : {0ms, 50ms}) {
    const Announced late = run_in_background([](Announcement&) { return ::pause(); }, patience);
    EXPECT_EQ(late.kind, Kind::late);
    EXPECT_EQ(::kill(late.pid, SIGTERM), 0);  // it goes on
    EXPECT_EQ(WTERMSIG(reaped(late.pid)), SIGTERM);
  }
}

TEST(Background, AChildWhoseParentLeftIsNotHarmedByTelling) {
  sigset_t wanted;
  sigset_t before;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &wanted, &before);  // inherited, so that the signal waits for the child
  const Announced late = run_in_background(
      [&](Announcement& announcement) {
        int signal = 0;
        ::sigwait(&wanted, &signal);
        announcement.tell(0, "nobody listens");
        return 5;
      },
      0ms);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ASSERT_EQ(late.kind, Kind::late);
  ASSERT_EQ(::kill(late.pid, SIGUSR1), 0);  // now the other end of the pipe is closed
  EXPECT_EQ(WEXITSTATUS(reaped(late.pid)), 5);
}

}  // namespace
}  // namespace simplevisor::cli
