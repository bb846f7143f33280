#include "supervisor/process/own_process.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

TEST(OwnProcess, ForgetsInheritedSignalsAndBlocksBrokenPipes) {
  EXPECT_EQ(in_fork([] {
              std::signal(SIGHUP, SIG_IGN);
              sigset_t mask;
              sigfillset(&mask);
              ::sigprocmask(SIG_SETMASK, &mask, nullptr);
              reset_inherited_signals();
              struct sigaction action{};
              ::sigaction(SIGHUP, nullptr, &action);
              if (action.sa_handler != SIG_DFL) return 1;
              ::sigprocmask(SIG_SETMASK, nullptr, &mask);
              if (sigismember(&mask, SIGTERM) != 0 || sigismember(&mask, SIGPIPE) != 1) return 2;
              Pipe pipe;
              ::close(pipe.read_end);
              pipe.read_end = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
              return ::write(pipe.write_end, "x", 1) == -1 && errno == EPIPE ? 0 : 3;
            }),
            0);
}

TEST(OwnProcess, FillsClosedStandardStreams) {
  EXPECT_EQ(in_fork([] {
              ::close(0);
              ::close(2);
              if (!ensure_standard_streams()) return 1;
              const bool filled = ::fcntl(0, F_GETFD) == 0 && ::fcntl(2, F_GETFD) == 0;
              return filled && ::open("/dev/null", O_RDONLY) > 2 ? 0 : 2;
            }),
            0);
}

TEST(OwnProcess, SaysThatTheNullDeviceCannotBeOpened) {
  Recorder::reset();
  Recorder::fail(SYS_openat, EMFILE);
  EXPECT_EQ(ensure_standard_streams(Recorder::table()).error().cause.value(), EMFILE);
}

TEST(OwnProcess, RaisesTheDescriptorLimitOnlyWhereItIsTooLow) {
  EXPECT_EQ(in_fork([] {
              const rlimit limit{64, 128};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              const auto enough = raise_descriptor_limit(64);
              if (!enough || enough->raised()) return 1;
              const auto raised = raise_descriptor_limit(65);
              if (!raised || !raised->raised()) return 2;
              if (raised->before.rlim_cur != 64 || raised->now.rlim_cur != 128) return 3;
              rlimit now{};
              ::getrlimit(RLIMIT_NOFILE, &now);
              return now.rlim_cur == 128 ? 0 : 4;
            }),
            0);
}

TEST(OwnProcess, SaysThatTheDescriptorLimitCannotBeRaised) {
  EXPECT_EQ(in_fork([] {
              const rlimit limit{64, 128};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              Recorder::reset();
              Recorder::fail(SYS_prlimit64, EPERM, 1);
              const auto raised = raise_descriptor_limit(RLIM_INFINITY, Recorder::table());
              if (raised) return 1;
              return raised.error().code == Errc::not_permitted ? 0 : 2;
            }),
            0);
}

TEST(OwnProcess, SaysThatItCannotBecomeASubReaper) {
  Recorder::reset();
  Recorder::fail(SYS_prctl, EINVAL);
  EXPECT_FALSE(become_subreaper(Recorder::table()));
}

}  // namespace
}  // namespace simplevisor::process
