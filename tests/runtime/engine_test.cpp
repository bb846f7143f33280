// The engine with real processes and a system that fails when a test says so: it goes on, and recovers.
#include "supervisor/runtime/engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <utility>

#include "supervisor/process/reaper.hpp"

namespace simplevisor::runtime {
namespace {

using testing::HasSubstr;

// A system call that fails `failures` times, from the moment a test arms it.
struct Fault {
  long number = -1;
  int error = 0;
  int failures = 0;
} fault;

constexpr long the_clone = -2;  // has no number of its own

bool strikes(long number) {
  if (fault.failures == 0 || fault.number != number) return false;
  --fault.failures;
  errno = fault.error;
  return true;
}

const process::Syscalls faulty{
    .call = [](long number, long a, long b, long c, long d, long e) -> long {
      if (strikes(number)) return -1;
      return process::real_syscalls().call(number, a, b, c, d, e);
    },
    .clone = [](int (*child)(void*), void* stack, int flags, void* arg, int* pidfd) -> pid_t {
      if (strikes(the_clone)) return -1;
      return process::real_syscalls().clone(child, stack, flags, arg, pidfd);
    }};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    std::string pattern = testing::TempDir() + "engine-XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
    fault = {};
  }
  ~EngineTest() override { std::filesystem::remove_all(dir_); }

  // A one_for_one root with one worker that sleeps; `restarts` allowed.
  void declare(std::size_t restarts, std::shared_ptr<const config::Setup> setup = quiet(),
               std::string with = "") {
    auto program = std::make_shared<config::Program>();
    program->name = "a";
    program->path = "root/a";
    program->command = command_;
    program->setup = std::move(setup);
    program->with_json = std::move(with);
    auto worker = std::make_shared<core::ChildSpec>();
    worker->name = "a";
    worker->backoff = backoff_;
    worker->shutdown = core::Shutdown::brutal_kill();
    worker->slow_start = program->setup->ready.kind != config::Readiness::Kind::exec;
    auto supervisor = std::make_shared<core::SupervisorSpec>();
    supervisor->intensity = restarts;
    supervisor->period = std::chrono::hours{1};
    supervisor->children = {worker};
    auto root = std::make_shared<core::ChildSpec>();
    root->name = "root";
    root->supervisor = supervisor;
    configuration_.root = root;
    configuration_.programs = {program};
    configuration_.settings.state_dir = dir_;
  }

  static std::shared_ptr<const config::Setup> quiet() {
    auto setup = std::make_shared<config::Setup>();
    setup->stdout_to.kind = config::Output::Kind::null;
    setup->stderr_to.kind = config::Output::Kind::null;
    return setup;
  }

  // Runs the tree until it has ended; `once_up` is called when it is up.
  void run(const std::function<void()>& once_up, StateCalls state_calls = {},
           CaptureOptions capture_options = {}) {
    auto state = StateDir::open(dir_, std::move(state_calls));
    ASSERT_TRUE(state) << state.error().message;
    auto capture = Capture::start(dir_, {}, std::move(capture_options));
    ASSERT_TRUE(capture) << capture.error().message;
    boost::asio::io_context io{1};
    Engine engine{{io, configuration_, *state, **capture, faulty, std::nullopt}};
    process::Reaper reaper{io,
                           {.is_known = [&](pid_t pid) { return engine.knows(pid); },
                            .on_exit =
                                [&](pid_t pid, const process::ExitStatus& status) {
                                  ++ends_;
                                  engine.ended(pid, status);
                                  after_end(engine);
                                },
                            .on_signal = {},
                            .on_orphan = {}}};
    engine_ = &engine;
    engine.start(
        [&] {
          came_up_ = true;
          once_up();
        },
        [&] { io.stop(); });
    io.run();
    trouble_ = engine.trouble();
    latency_ = engine.workers().restart_latency();
    lag_ = engine.lag();
    tally_ = engine.tally(*configuration_.root);
    if (engine.workers().find(0, 0)) causes_ = engine.workers().find(0, 0)->ends;
    starts_ = engine.workers().find(0, 0) ? engine.workers().find(0, 0)->starts : 0;
  }

  // The first end is the one the test caused; once the worker runs again the tree is stopped.
  void after_end(Engine& engine) {
    const Worker* worker = engine.workers().find(0, 0);
    if (worker->pid != 0 && worker->starts >= 2) engine.stop();
  }

  void kill_worker() const { ::kill(engine_->workers().find(0, 0)->pid, SIGKILL); }

  std::string dir_;
  config::Configuration configuration_;
  Engine* engine_ = nullptr;
  bool came_up_ = false;
  int ends_ = 0;
  std::uint32_t starts_ = 0;
  std::string trouble_;
  std::vector<std::string> command_{"/bin/sleep", "1000"};
  core::Backoff backoff_{};
  Histogram latency_;
  Histogram lag_;
  SupervisorTally tally_;
  EndTally causes_{};
};

std::uint64_t count_of(const Histogram& histogram) {
  return std::accumulate(histogram.counts().begin(), histogram.counts().end(), std::uint64_t{0});
}

TEST_F(EngineTest, CountsEndsByCauseAndTimesARestartThatNothingDelays) {
  declare(2);
  run([&] { kill_worker(); });
  EXPECT_EQ(causes_[std::to_underlying(journal::Cause::signalled)], 1u);
  EXPECT_EQ(causes_[std::to_underlying(journal::Cause::asked)], 1u);
  EXPECT_EQ(std::accumulate(causes_.begin(), causes_.end(), 0u), 2u);
  EXPECT_EQ(count_of(latency_), 1u);
  EXPECT_GT(latency_.sum().count(), 0);
  EXPECT_EQ(tally_.starts, 1u);
  EXPECT_EQ(tally_.gave_up, 0u);
}

TEST_F(EngineTest, DoesNotTimeARestartThatWaitsForItsBackOff) {
  command_ = {"/bin/false"};
  backoff_ = {.initial = core::Milliseconds{1}, .max = core::Milliseconds{1}};
  declare(2);
  run([] {});
  EXPECT_EQ(starts_, 3u);
  EXPECT_EQ(causes_[std::to_underlying(journal::Cause::failed)], 3u);
  EXPECT_EQ(count_of(latency_), 0u);
  EXPECT_GE(count_of(lag_), 2u) << "each back-off is a timer, and tells how late it was";
  EXPECT_EQ(tally_.gave_up, 1u);
}

TEST_F(EngineTest, CountsWhatCouldNotBeStarted) {
  command_ = {"/nonexistent/program"};
  declare(0);
  run([] {});
  EXPECT_FALSE(came_up_);
  EXPECT_EQ(causes_[std::to_underlying(journal::Cause::not_started)], 1u);
  EXPECT_EQ(tally_.starts, 0u);
}

TEST_F(EngineTest, AForkThatFailsOnceCostsOneRetry) {
  declare(2);
  run([&] {
    fault = {the_clone, EAGAIN, 1};
    kill_worker();
  });
  EXPECT_TRUE(came_up_);
  EXPECT_EQ(fault.failures, 0) << "the fault was never met";
  EXPECT_EQ(starts_, 2u);
  EXPECT_EQ(trouble_, "");
}

TEST_F(EngineTest, AForkThatKeepsFailingEndsTheTreeWithTheReason) {
  declare(2);
  run([&] {
    fault = {the_clone, ENOMEM, 100};
    kill_worker();
  });
  EXPECT_EQ(starts_, 1u);
  EXPECT_THAT(trouble_, HasSubstr("gave up"));
  EXPECT_THAT(trouble_, HasSubstr("Cannot allocate memory"));
}

TEST_F(EngineTest, AReadinessPipeThatCannotBeMadeCostsOneRetry) {
  auto setup = std::make_shared<config::Setup>(*quiet());
  setup->ready = {config::Readiness::Kind::fd, 3, {}};
  declare(2, setup);
  auto program = std::make_shared<config::Program>(*configuration_.programs[0]);
  program->command = {"/bin/sh", "-c", "echo >&3; exec sleep 1000"};
  configuration_.programs = {program};
  bool killed = false;
  run([&] {
    fault = {SYS_pipe2, EMFILE, 1};
    killed = true;
    kill_worker();
  });
  EXPECT_TRUE(killed);
  EXPECT_EQ(fault.failures, 0) << "the fault was never met";
  EXPECT_EQ(starts_, 2u);
}

TEST_F(EngineTest, SettingsThatCannotBeWrittenKeepTheTreeFromStartingAndSayWhy) {
  declare(2, quiet(), "{\"queue\": \"q\"}");
  StateCalls calls;
  const auto lock_needs_it = StateCalls{}.write;
  int writes = 0;
  calls.write = [&writes, lock_needs_it](int fd, const void* bytes, std::size_t count) -> ssize_t {
    if (++writes == 1) return lock_needs_it(fd, bytes, count);  // the pid in the lock file
    errno = ENOSPC;
    return -1;
  };
  run([] {}, calls);
  EXPECT_FALSE(came_up_);
  EXPECT_THAT(trouble_, HasSubstr("root/a: could not be started"));
  EXPECT_THAT(trouble_, HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace simplevisor::runtime
