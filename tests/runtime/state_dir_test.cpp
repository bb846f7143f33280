// The state directory: one holder at a time, files whole or absent, every system call failing once.
#include "supervisor/runtime/state_dir.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <filesystem>

#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using Code = StorageError::Code;

// Fails one call, once: the n-th of its kind from `arm` on.
class FailingCalls {
 public:
  StateCalls table() {
    StateCalls calls;
    calls.mkdir = guarded<mode_t>("mkdir", calls.mkdir);
    calls.open = [this, real = calls.open](int dir, const char* name, int flags, mode_t mode) {
      return strikes("open") ? -1 : real(dir, name, flags, mode);
    };
    calls.write = [this, real = calls.write](int fd, const void* bytes, std::size_t count) -> ssize_t {
      if (strikes("write")) return -1;
      return real(fd, bytes, short_writes ? std::min<std::size_t>(count, 3) : count);
    };
    calls.fsync = [this, real = calls.fsync](int fd) { return strikes("fsync") ? -1 : real(fd); };
    calls.close = [this, real = calls.close](int fd) {
      const int result = real(fd);
      return strikes("close") ? -1 : result;
    };
    calls.rename = guarded<const char*>("rename", calls.rename);
    calls.lock = [this, real = calls.lock](int fd, struct ::flock* wanted) {
      return strikes("lock") ? -1 : real(fd, wanted);
    };
    return calls;
  }
  void arm(const std::string& call, int error, int which = 1) {
    call_ = call;
    error_ = error;
    left_ = which;
  }
  [[nodiscard]] bool struck() const { return left_ == 0; }

  bool short_writes = false;

 private:
  template <class Last>
  std::function<int(int, const char*, Last)> guarded(const char* call,
                                                     std::function<int(int, const char*, Last)> real) {
    return [this, call, real = std::move(real)](int dir, const char* name, Last last) {
      return strikes(call) ? -1 : real(dir, name, last);
    };
  }
  bool strikes(const std::string& call) {
    if (call != call_ || left_ == 0 || --left_ > 0) return false;
    errno = error_;
    return true;
  }

  std::string call_;
  int error_ = 0;
  int left_ = 0;
};

class StateDirTest : public testing::Test {
 protected:
  StorageResult<StateDir> open() { return StateDir::open(path, failing.table()); }
  std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{path + "/" + folder}) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory directory;
  std::string path = directory.path("a/b/state");
  FailingCalls failing;
};

TEST_F(StateDirTest, IsMadeWithItsParentsAndFolders) {
  const auto state = open();
  ASSERT_TRUE(state) << state.error().message;
  for (const char* name : {"run", "fifo", "log", "with"}) {
    EXPECT_TRUE(std::filesystem::is_directory(path + "/" + name)) << name;
  }
  EXPECT_EQ(contents(path + "/lock"), std::to_string(::getpid()) + "\n");
}

TEST_F(StateDirTest, ModesDoNotDependOnTheUmask) {
  const mode_t before = ::umask(0077);
  const auto state = open();
  ::umask(before);
  ASSERT_TRUE(state);
  const auto mode = [&](const std::string& name) {
    struct stat is{};
    ::stat((path + name).c_str(), &is);
    return is.st_mode & 07777;
  };
  const mode_t passable = ::geteuid() == 0 ? 0711 : 0700;
  EXPECT_EQ(mode(""), passable);
  EXPECT_EQ(mode("/run"), passable);
  EXPECT_EQ(mode("/log"), 0700u);
  EXPECT_EQ(mode("/lock"), 0600u);
}

TEST_F(StateDirTest, ASecondHolderIsToldThePidOfTheFirst) {
  // In processes of their own, because a lock is between open files, and a pid worth telling is another's.
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t first = ::fork();
  if (first == 0) {
    const auto held = StateDir::open(path);
    if (!held || ::write(ready[1], "r", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::already_running);
  EXPECT_THAT(second.error().message, StartsWith("already running as pid " + std::to_string(first)));

  // And when it is killed its file means nothing any more.
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  EXPECT_TRUE(open());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(StateDirTest, ALockFileWithoutAPidIsStillALock) {
  const auto first = open();
  ASSERT_TRUE(first);
  std::filesystem::resize_file(path + "/lock", 0);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, StartsWith("already running"));
}

TEST_F(StateDirTest, ADirectoryOpenToEverybodyIsRefused) {
  std::filesystem::create_directories(path);
  ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
  const auto state = open();
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message, HasSubstr("everybody may write to it"));
}

TEST_F(StateDirTest, WhatIsNoDirectoryIsRefused) {
  std::ofstream{directory.path("a")} << "a file";
  const auto state = open();
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message, HasSubstr("Not a directory"));
  EXPECT_EQ(StateDir::open("relative").error().code, Code::bad_name);
}

TEST_F(StateDirTest, FilesAreWrittenWholeAndPrivate) {
  auto state = open();
  ASSERT_TRUE(state);
  failing.short_writes = true;
  const std::string bytes("a\0b\nlong enough for several writes", 34);
  EXPECT_TRUE(state->write_durably("wishes", bytes));
  EXPECT_TRUE(state->write_private("with/root.a.json", "{}"));
  EXPECT_EQ(state->read("wishes").value(), bytes);
  EXPECT_EQ(state->read("with/root.a.json").value(), "{}");
  struct stat is{};
  ASSERT_EQ(::stat((path + "/with/root.a.json").c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 07777, 0600u);
  EXPECT_TRUE(state->write_durably("wishes", "shorter"));
  EXPECT_EQ(state->read("wishes").value(), "shorter");
  EXPECT_TRUE(state->remove("wishes"));
  EXPECT_TRUE(state->remove("wishes"));
  EXPECT_EQ(state->read("wishes").value(), std::nullopt);
}

TEST_F(StateDirTest, ReadingIsBounded) {
  auto state = open();
  ASSERT_TRUE(state);
  ASSERT_TRUE(state->write_private("x", std::string(10'000, 'x')));
  EXPECT_TRUE(state->read("x", 10'000));
  EXPECT_THAT(state->read("x", 9'999).error().message, EndsWith("longer than 9999 bytes"));
}

TEST_F(StateDirTest, NamesThatLeadOutAreRefused) {
  auto state = open();
  ASSERT_TRUE(state);
  for (const std::string_view name : {"", "/etc/x", "../x", "with/../../x", "with//x", "with/", "."}) {
    EXPECT_EQ(state->write_private(name, "x").error().code, Code::bad_name) << name;
    EXPECT_EQ(state->read(name).error().code, Code::bad_name) << name;
    EXPECT_EQ(state->remove(name).error().code, Code::bad_name) << name;
  }
}

TEST_F(StateDirTest, EachCallThatFailsWhileWritingLeavesTheOldContentsAndNoDraft) {
  auto state = open();
  ASSERT_TRUE(state);
  ASSERT_TRUE(state->write_durably("with/x", "old"));
  const std::vector<std::pair<std::string, int>> faults{
      {"open", EMFILE},  {"write", ENOSPC},  {"write", EIO},     {"fsync", EIO},
      {"close", EDQUOT}, {"rename", EACCES}, {"rename", ENOSPC}, {"write", EFBIG}};
  for (const auto& [call, error] : faults) {
    failing.arm(call, error);
    const auto written = state->write_durably("with/x", "new");
    ASSERT_FALSE(written) << call;
    EXPECT_TRUE(failing.struck());
    EXPECT_EQ(written.error().cause.value(), error) << call;
    EXPECT_THAT(written.error().message, HasSubstr(path + "/with/x"));
    EXPECT_EQ(state->read("with/x").value(), "old") << call;
    EXPECT_THAT(names_in("with"), testing::ElementsAre("x")) << call;
  }
}

TEST_F(StateDirTest, WhatIsThereAlreadyNeedsNoRoom) {
  auto state = open();
  ASSERT_TRUE(state);
  ASSERT_TRUE(state->write_private("with/x", "same"));
  for (const std::string call : {"open", "write", "rename"}) {
    failing.arm(call, ENOSPC);
    EXPECT_TRUE(state->write_private("with/x", "same")) << call;
    EXPECT_TRUE(failing.struck());
    for (const char* const other : {"sam", "sama", "same more"}) {
      failing.arm(call, ENOSPC);
      EXPECT_FALSE(state->write_private("with/x", other)) << call;
    }
    failing.arm(call, ENOSPC);
    EXPECT_FALSE(state->write_private("with/absent", "same")) << call;
  }
  EXPECT_EQ(state->read("with/x").value(), "same");
}

TEST_F(StateDirTest, ADirectoryThatCannotBeBroughtToDiskIsAnErrorWithTheNewContentsWhole) {
  auto state = open();
  ASSERT_TRUE(state);
  for (const std::string call : {"fsync", "open"}) {
    failing.arm(call, EIO, 2);  // the file's own first, then the directory's
    EXPECT_FALSE(state->write_durably("x", call));
    EXPECT_TRUE(failing.struck());
    EXPECT_EQ(state->read("x").value(), call);
  }
}

TEST_F(StateDirTest, AnInterruptedCallIsMadeAgain) {
  auto state = open();
  ASSERT_TRUE(state);
  for (const char* call : {"write", "fsync"}) {
    failing.arm(call, EINTR);
    EXPECT_TRUE(state->write_durably("x", call));
    EXPECT_TRUE(failing.struck());
  }
}

TEST_F(StateDirTest, EachCallThatFailsWhileOpeningIsTold) {
  struct Case {
    const char* call;
    int which;
    int error;
    const char* told;
  };
  // Parents, the directory and its folders are made in this order: "/tmp" and the like count too.
  for (const Case& fault : {Case{"mkdir", 1, EROFS, "make the directory"},
                            Case{"open", 1, EMFILE, "open the state"}, Case{"open", 2, EACCES, "open "},
                            Case{"lock", 1, ENOLCK, "lock "}, Case{"write", 1, ENOSPC, "write "}}) {
    failing.arm(fault.call, fault.error, fault.which);
    const auto state = open();
    ASSERT_FALSE(state) << fault.call;
    EXPECT_TRUE(failing.struck());
    EXPECT_EQ(state.error().code, Code::system);
    EXPECT_EQ(state.error().cause.value(), fault.error);
    EXPECT_THAT(state.error().message, HasSubstr(fault.told));
    EXPECT_TRUE(open()) << "and again without the fault, after " << fault.call;
  }
}

TEST_F(StateDirTest, ASocketPathThatIsTooLongIsToldClearly) {
  const std::string fits = "/" + std::string(107 - 1 - 13, 'x');
  EXPECT_EQ(socket_path(fits).value().size(), 107u);
  const auto path_of_long = socket_path(fits + "x");
  ASSERT_FALSE(path_of_long);
  EXPECT_EQ(path_of_long.error().code, Code::bad_name);
  EXPECT_THAT(path_of_long.error().message, StartsWith("the path of the state directory is too long"));
  EXPECT_THAT(path_of_long.error().message, EndsWith("has 108"));
}

}  // namespace
}  // namespace simplevisor::runtime::test
