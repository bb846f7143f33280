#include "supervisor/process/exit_status.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace simplevisor::process {
namespace {

TEST(ExitStatus, DescribesItselfInWords) {
  EXPECT_EQ(ExitStatus::exited(0).describe(), "exited with status 0");
  EXPECT_EQ(ExitStatus::exited(3).describe(), "exited with status 3");
  EXPECT_EQ(ExitStatus::killed(SIGKILL).describe(), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(ExitStatus::killed(SIGSEGV, true).describe(), "killed by signal 11 (SIGSEGV), core dumped");
  EXPECT_EQ(ExitStatus::killed(SIGRTMAX).describe(), "killed by signal 64");
}

TEST(ExitStatus, TellsExitNineFromSignalNine) {
  siginfo_t info{};
  info.si_status = 9;
  info.si_code = CLD_EXITED;
  EXPECT_EQ(ExitStatus::from(info, {}).describe(), "exited with status 9");
  info.si_code = CLD_KILLED;
  EXPECT_EQ(ExitStatus::from(info, {}).describe(), "killed by signal 9 (SIGKILL)");
  info.si_code = CLD_DUMPED;
  EXPECT_TRUE(ExitStatus::from(info, {}).core_dumped);
}

TEST(ExitStatus, SucceedsOnlyWithZeroAndNoSignal) {
  EXPECT_TRUE(ExitStatus::exited(0).success());
  EXPECT_FALSE(ExitStatus::exited(1).success());
  EXPECT_FALSE(ExitStatus::killed(SIGTERM).success());
}

TEST(ExitStatus, KeepsWhatWasUsed) {
  rusage usage{};
  usage.ru_utime = {.tv_sec = 1, .tv_usec = 500};
  usage.ru_stime = {.tv_sec = 0, .tv_usec = 7};
  usage.ru_maxrss = 4096;
  siginfo_t info{};
  info.si_code = CLD_EXITED;
  const ExitStatus status = ExitStatus::from(info, usage);
  EXPECT_EQ(status.user_time.count(), 1'000'500);
  EXPECT_EQ(status.system_time.count(), 7);
  EXPECT_EQ(status.max_resident_kib, 4096);
}

TEST(SignalName, FallsBackToTheNumber) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(63), "signal 63");
}

}  // namespace
}  // namespace simplevisor::process
