// A program that is given a dossier: what it sees, and what becomes of one that fails, hangs or does not read.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "supervisor/hooks/run_hook.hpp"

namespace simplevisor::hooks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class RunHook : public testing::Test {
 protected:
  RunHook() {
    if (::mkdtemp(dir.data()) == nullptr) throw std::runtime_error("mkdtemp " + dir);
  }
  ~RunHook() override { std::filesystem::remove_all(dir); }

  std::string program(const std::string& script) const {
    std::string path = dir + "/hook";
    std::ofstream(path) << "#!/bin/sh\ncd " << dir << "\n" << script << '\n';
    ::chmod(path.c_str(), 0755);
    return path;
  }
  std::string text(const std::string& name) const {
    std::ifstream file(dir + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string trouble(const std::string& script, std::chrono::milliseconds timeout = 20s) const {
    const auto ran =
        run_hook({.program = program(script), .environment = {}, .input = input, .timeout = timeout});
    return ran ? "" : ran.error();
  }

  std::string dir = testing::TempDir() + "/hook.XXXXXX";
  std::string input = std::string(300'000, 'x') + "\n";  // more than a pipe holds
};

TEST_F(RunHook, GetsItsInputWholeAndItsEnvironment) {
  const auto ran = run_hook({.program = program("cat >got; printf '%s' \"$A-$HOME\" >env"),
                             .environment = {{"A", "b"}, {"HOME", "/elsewhere"}},
                             .input = input});
  ASSERT_TRUE(ran) << ran.error();
  EXPECT_EQ(text("got"), input);
  EXPECT_EQ(text("env"), "b-/elsewhere");
}

TEST_F(RunHook, NeedNotReadIt) {
  EXPECT_EQ(trouble("exec <&-; exit 0"), "");
  EXPECT_EQ(trouble("exit 0"), "");
}

TEST_F(RunHook, SaysHowItFailed) {
  EXPECT_THAT(trouble("exit 3"), HasSubstr("/hook: exited with status 3"));
  EXPECT_THAT(trouble("kill -9 $$"), HasSubstr("/hook: killed by signal 9"));
  const auto missing = run_hook({.program = dir + "/missing", .environment = {}, .input = ""});
  EXPECT_THAT(missing.error(), HasSubstr("/missing: cannot be run: No such file"));
}

TEST_F(RunHook, IsKilledWithAllItStartedWhenItTakesTooLong) {
  // The grandchild holds the pipe: its end of file says that both are gone.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  EXPECT_THAT(trouble("trap '' TERM; sleep 1000 & cat >/dev/null; wait", 100ms),
              HasSubstr("not done after 100 ms, and killed"));
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);
  ::close(ends[0]);
}

}  // namespace
}  // namespace simplevisor::hooks
