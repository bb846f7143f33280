// Whether a program could be started, asked before anything is done; the kernel is asked as well, where it is cheap.
#include "workers/handler/startable.hpp"

#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>

#include "tests/consumer/support.hpp"

namespace simplevisor::handler {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Startable : public testing::Test {
 protected:
  std::string script(const std::string& name, const std::string& text) {
    return consumer::script(directory / name, text);
  }
  static std::string why_not(const std::string& program) {
    return why_not_startable(program).value_or("startable");
  }
  // What the kernel says.
  static int starts(const std::string& program) {
    pid_t child = -1;
    std::string name = program;
    char* arguments[]{name.data(), nullptr};
    const int error = posix_spawn(&child, name.c_str(), nullptr, nullptr, arguments, environ);
    if (error == 0) ::waitpid(child, nullptr, 0);
    return error;
  }
  consumer::TemporaryDirectory directory;
};

TEST_F(Startable, AreProgramsAndScriptsWhoseInterpretersAre) {
  const std::string good[]{"/bin/true",
                           "true",
                           script("a", "#!/bin/sh\nexit 0\n"),
                           script("b", "#! \t/bin/sh -e\n"),
                           script("c", "#!/bin/sh"),
                           script("d", "#!" + directory / "a" + "\n"),
                           script("e", "#!/bin/sh " + std::string(500, ' ') + "-e\n")};
  for (const std::string& program : good) {
    EXPECT_EQ(why_not(program), "startable") << program;
    EXPECT_TRUE(!program.contains('/') || starts(program) == 0) << program;
  }
}

TEST_F(Startable, IsNotWhatIsMissingOrMayNotBeRun) {
  std::ofstream{directory / "plain"} << "#!/bin/sh\n";
  EXPECT_EQ(why_not(directory / "missing"), "No such file or directory");
  EXPECT_EQ(why_not("no-such-program-anywhere"), "No such file or directory");
  EXPECT_EQ(why_not(directory / "plain"), "Permission denied");
  EXPECT_EQ(why_not(directory / ""), "Permission denied") << "a directory";
}

TEST_F(Startable, IsNotAScriptWhoseInterpreterIsMissing) {
  const std::string inner = script("inner", "#!/no/such/thing\n");
  const std::string bad[]{inner,
                          script("dos", "#!/bin/sh\r\nexit 0\r\n"),
                          script("outer", "#!" + inner + " -x\n"),
                          script("empty", "#!  \n"),
                          script("long", "#!/bin/" + std::string(400, 'x') + "\n"),
                          script("relative", "#!sh\n")};
  for (const std::string& program : bad) {
    EXPECT_NE(why_not(program), "startable") << program;
    EXPECT_NE(starts(program), 0) << program;
  }
  EXPECT_EQ(why_not(inner), "its interpreter \"/no/such/thing\": No such file or directory");
  EXPECT_THAT(why_not(bad[1]), AllOf(HasSubstr("\"/bin/sh\""), HasSubstr("carriage return")));
}

TEST_F(Startable, IsNotAScriptWhoseInterpreterEnvWouldNotFind) {
  EXPECT_EQ(why_not(script("missing", "#!/usr/bin/env no-such-program \nexit 0\n")),
            "its interpreter \"no-such-program\", which env looks for: No such file or directory");
  EXPECT_NE(why_not(script("two", "#!/usr/bin/env sh -u\nexit 0\n")), "startable")
      << "one argument, as for the kernel";
  for (const char* line : {"#!/usr/bin/env sh\n", "#!/usr/bin/env  sh \n", "#!/usr/bin/env /bin/sh\n",
                           "#!/usr/bin/env -S sh -u\n", "#!/usr/bin/env\n", "#!/usr/bin/env A=1 sh\n"})
    EXPECT_EQ(why_not(script("good", line)), "startable") << line;
}

TEST_F(Startable, IsNotAScriptThatIsItsOwnInterpreter) {
  const std::string path = directory / "self";
  consumer::script(path, "#!" + path + "\n");
  EXPECT_EQ(why_not(path), "Too many levels of symbolic links");
  EXPECT_NE(starts(path), 0);
}

}  // namespace
}  // namespace simplevisor::handler
