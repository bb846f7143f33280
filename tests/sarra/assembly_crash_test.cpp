// A file that is put together of parts while whoever does it is killed, or out of space, at each of its steps in turn.
#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdarg>
#include <random>

#include "tests/sarra/parts.hpp"

namespace {

enum class Fate { none, killed, no_space };
Fate fate = Fate::none;
int steps_left = 0;

// True: this step fails.
bool step() {
  if (fate == Fate::none || --steps_left != 0) return false;
  if (fate == Fate::killed) ::kill(::getpid(), SIGKILL);
  errno = ENOSPC;
  return true;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// Every call that changes what is on disk goes through these first; they are the executable's, so the linker takes them.
extern "C" {
ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  return step() ? -1 : real<decltype(pwrite)>("pwrite")(file, bytes, size, offset);
}
int ftruncate(int file, off_t size) noexcept {
  return step() ? -1 : real<int(int, off_t)>("ftruncate")(file, size);
}
int fdatasync(int file) {
  return step() ? -1 : real<int(int)>("fdatasync")(file);
}
int fsync(int file) {
  return step() ? -1 : real<int(int)>("fsync")(file);
}
int renameat(int from, const char* old_name, int to, const char* name) noexcept {
  return step() ? -1 : real<int(int, const char*, int, const char*)>("renameat")(from, old_name, to, name);
}
int unlinkat(int directory, const char* name, int flags) noexcept {
  return step() ? -1 : real<int(int, const char*, int)>("unlinkat")(directory, name, flags);
}
int mkdirat(int directory, const char* name, mode_t mode) noexcept {
  return step() ? -1 : real<int(int, const char*, mode_t)>("mkdirat")(directory, name, mode);
}
int futimens(int file, const struct timespec times[2]) noexcept {
  return step() ? -1 : real<int(int, const struct timespec*)>("futimens")(file, times);
}
int openat(int directory, const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return step() ? -1 : real<int(int, const char*, int, ...)>("openat")(directory, name, flags, mode);
}
}

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AssemblyCrashTest : public PartsTest {
 protected:
  // In a process of its own, which says how many of them it has done.
  std::size_t deliver(const Posting& posted, std::size_t first, Fate what, int when, bool* over) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      Fetcher fetcher{settings, Tree::open(settings.directory).value()};
      fate = what;
      steps_left = when;
      for (std::size_t at = first; at < order.size(); ++at) {
        const auto outcome = fetcher.fetch(encode_v03(posted.at(order[at])));
        if (!outcome && !outcome.error().temporary) ::_exit(2);
        if (!outcome) ::_exit(1);
        EXPECT_EQ(::write(ends[1], "x", 1), 1);
      }
      ::_exit(steps_left > 0 ? 3 : 0);  // 3: it did not come to that step
    }
    ::close(ends[1]);
    std::size_t done = first;
    for (char byte = 0; ::read(ends[0], &byte, 1) == 1;) ++done;
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 2) << "it is not temporary";
    *over = WIFEXITED(status) && WEXITSTATUS(status) == 3;
    return done;
  }

  // What is done is not delivered again, so whatever is lost of it would be missing.
  void each_step(Fate what) {
    bool over = false;
    int step = 1;
    for (; !over && !HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      settings.directory = directory / ("in" + std::to_string(step));
      const Posting posted = posting();
      const std::size_t done = deliver(posted, 0, what, step, &over);
      const std::string file = settings.directory + "/f";
      if (fs::exists(file)) {
        EXPECT_EQ(consumer::read_file(file), data);
      }
      EXPECT_TRUE(done < order.size() || fs::exists(file)) << "said to be done";
      bool ignored = false;
      // The last one comes again in any case: its answer may have been lost.
      EXPECT_EQ(deliver(posted, std::min(done, order.size() - 1), Fate::none, 0, &ignored), order.size());
      EXPECT_EQ(consumer::read_file(file), data);
      for (const auto& entry : fs::directory_iterator{settings.directory})
        EXPECT_NE(entry.path().extension(), ".part") << "left over";
    }
    EXPECT_GT(step, 40) << "not all that is done went through here";
  }

  const std::vector<std::size_t> order{2, 0, 0, 3, 1};
};

TEST_F(AssemblyCrashTest, KilledBetweenAnyTwoStepsItGoesOnWhereItWas) {
  each_step(Fate::killed);
}

TEST_F(AssemblyCrashTest, OutOfSpaceAtAnyStepItIsTriedAgain) {
  each_step(Fate::no_space);
}

// Each has all of the parts, is killed at a step of chance, and goes on with what it has not said to be done.
TEST_F(AssemblyCrashTest, SeveralThatAreKilledAllTheTimePutItTogether) {
  constexpr std::uint32_t seed = 20261122;
  std::mt19937 chance{seed};
  struct Worker {
    std::vector<std::size_t> order;
    std::size_t done = 0;
    pid_t pid = 0;
    int said = -1;
  };
  const Posting posted = posting();
  std::vector<Worker> workers(3);
  for (Worker& worker : workers) {
    for (int round = 0; round < 4; ++round)
      worker.order.insert(worker.order.end(), order.begin(), order.end());
    std::shuffle(worker.order.begin(), worker.order.end(), chance);
  }
  const auto start = [&](Worker& worker) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const int when = static_cast<int>(1 + chance() % 50);
    worker.said = ends[0];
    worker.pid = ::fork();
    if (worker.pid != 0) {
      ::close(ends[1]);
      return;
    }
    Fetcher fetcher{settings, Tree::open(settings.directory).value()};
    fate = Fate::killed;
    steps_left = when;
    while (worker.done < worker.order.size()) {
      const auto outcome = fetcher.fetch(encode_v03(posted.at(worker.order[worker.done])));
      if (!outcome && !outcome.error().temporary) ::_exit(2);
      if (!outcome) continue;  // another one has it in hand
      ++worker.done;
      if (::write(ends[1], "x", 1) != 1) ::_exit(2);
    }
    ::_exit(0);
  };
  for (Worker& worker : workers) start(worker);
  int killed = 0;
  for (std::size_t over = 0; over < workers.size();) {
    int status = 0;
    const pid_t pid = ::wait(&status);
    ASSERT_GT(pid, 0);
    Worker& worker = *std::ranges::find(workers, pid, &Worker::pid);
    for (char byte = 0; ::read(worker.said, &byte, 1) == 1;) ++worker.done;
    ::close(worker.said);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      ++over;
      continue;
    }
    ++killed;
    start(worker);
  }
  EXPECT_GT(killed, 3) << "seed " << seed;
  EXPECT_EQ(got(), data) << "seed " << seed;
  EXPECT_EQ(working_files(), 0U) << "seed " << seed;
}

TEST_F(AssemblyCrashTest, AFileThatMayNotBeSoLargeFailsByItself) {
  const Posting posted = posting();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const rlimit limit{2 * block, 2 * block};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);  // as the program does
    const std::string problem = fetch(posted.at(0));
    ::_exit(problem.find("make room for f: File too large") != std::string::npos && !temporary ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(working_files(), 0U);
  for (std::size_t number = 0; number < 4; ++number) EXPECT_EQ(fetch(posted.at(number)), "");
  EXPECT_EQ(got(), data);
}

}  // namespace
}  // namespace simplevisor::sarra
