#include "workers/service/pid_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>

namespace simplevisor::service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Word = PidFile::Word;

class PidFileTest : public testing::Test {
 protected:
  PidFileTest() {
    std::string name = testing::TempDir() + "pid-file-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~PidFileTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path() const { return directory_ / "pid"; }
  void write(const std::string& text) const { std::ofstream{path()} << text; }
  [[nodiscard]] std::string content() const {
    std::ifstream in{path()};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  void touched(std::time_t ago) const {
    const timespec then{std::time(nullptr) - ago, 0};
    const timespec times[] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, path().c_str(), times, 0), 0);
  }

  // A process that leaves when it is told "quit", or only by a signal.
  pid_t child(bool obeys) const {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto file = PidFile::create(path());
      const int changes = ::inotify_init1(IN_CLOEXEC);
      if (::inotify_add_watch(changes, path().c_str(), IN_MODIFY) < 0) ::_exit(1);
      (void)!::write(ready[1], "", 1);
      char event[4096];
      while (!obeys || file->look() == Word::go_on) (void)!::read(changes, event, sizeof event);
      ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return pid;
  }

 private:
  std::filesystem::path directory_;
};

TEST_F(PidFileTest, NamesItsMakerAndIsGoneWithIt) {
  {
    const auto file = PidFile::create(path());
    ASSERT_TRUE(file);
    EXPECT_EQ(content(), std::to_string(::getpid()) + "\n");
    EXPECT_EQ(file->look(), Word::go_on);
    EXPECT_EQ(presence_by(path()).presence, Presence::alive);
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(presence_by(path()).presence, Presence::no_file);
}

TEST_F(PidFileTest, RefusesASecondProgramEvenWhenTheFirstIsGone) {
  write("999999999\n");
  const auto file = PidFile::create(path());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error(), HasSubstr("exists already"));
  EXPECT_EQ(content(), "999999999\n");
  const auto nowhere = PidFile::create(path() + "/x");
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error(), HasSubstr("Not a directory"));
}

TEST_F(PidFileTest, BringsItsMakerTheWordToLeave) {
  const auto file = PidFile::create(path());
  write(std::to_string(::getpid()) + "\nquit\n");
  EXPECT_EQ(file->look(), Word::quit);
  write(std::to_string(::getpid()) + "\nquite\n");
  EXPECT_EQ(file->look(), Word::go_on);
  write("1\n");
  EXPECT_EQ(file->look(), Word::lost);
  std::filesystem::remove(path());
  EXPECT_EQ(file->look(), Word::lost);
}

TEST_F(PidFileTest, IsNotRemovedWhenItIsAnothers) {
  {
    const auto file = PidFile::create(path());
    write("1\n");
  }
  EXPECT_EQ(content(), "1\n");
}

TEST_F(PidFileTest, TellsWhetherTheProgramRuns) {
  write("");
  EXPECT_EQ(presence_by(path()).presence, Presence::stale);
  write("many\n");
  EXPECT_EQ(presence_by(path()).presence, Presence::stale);
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  write(std::to_string(gone) + "\n");
  EXPECT_EQ(presence_by(path()).presence, Presence::gone);
  write(std::to_string(::getpid()) + "\n");
  EXPECT_EQ(presence_by(path()).presence, Presence::alive);
  touched(3600);
  EXPECT_EQ(presence_by(path()).presence, Presence::stale);
  EXPECT_THAT(presence_by(path()).text, HasSubstr("has not touched it"));
}

TEST_F(PidFileTest, IsTouchedWhenItIsLookedAt) {
  const auto file = PidFile::create(path());
  touched(3600);
  EXPECT_EQ(file->look(), Word::go_on);
  EXPECT_EQ(presence_by(path()).presence, Presence::alive);
}

TEST_F(PidFileTest, AsksAProgramToLeaveAndWaits) {
  const pid_t pid = child(true);
  const auto done = quit_by(path(), 60s);
  ASSERT_TRUE(done) << done.error();
  EXPECT_THAT(*done, HasSubstr("has left"));
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(PidFileTest, SignalsAProgramThatDoesNotObey) {
  const pid_t pid = child(false);
  const auto done = quit_by(path(), 10ms);
  ASSERT_TRUE(done) << done.error();
  EXPECT_THAT(*done, HasSubstr("by a signal"));
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(PidFileTest, NothingToLeaveIsNoError) {
  EXPECT_THAT(quit_by(path(), 1s).value(), HasSubstr("not running"));
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  write(std::to_string(gone) + "\n");
  EXPECT_THAT(quit_by(path(), 1s).value(), HasSubstr("is gone"));
  EXPECT_FALSE(std::filesystem::exists(path()));
  write("-1\n");
  EXPECT_FALSE(quit_by(path(), 1s));
  write("");
  EXPECT_THAT(quit_by(path(), 1s).value(), HasSubstr("not running: it is empty"));
}

// Opening it would wait for a writer.
TEST_F(PidFileTest, AFifoInItsPlaceKeepsNobodyWaiting) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(presence_by(path()).presence, Presence::stale);
}

}  // namespace
}  // namespace simplevisor::service
