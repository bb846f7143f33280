// tests/dirq/tool_test.cpp
//
// simplevisor-dirq as a user runs it: its output, its exit codes, its one-line errors.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/dirq/support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using testing_support::QueueTest;
namespace fs = std::filesystem;

class ToolTest : public QueueTest {
 protected:
  struct Run {
    int code = -1;
    std::string out;
    std::string err;
  };

  // Input and outputs are files, so nothing can block on a full pipe.
  [[nodiscard]] Run run(std::vector<std::string> arguments, std::string_view input = "") const {
    write(root / "in", input);
    arguments.insert(arguments.begin(), DIRQ_TOOL);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const auto redirect = [&](const char* name, int flags, int to) {
        ::dup2(::open((root / name).c_str(), flags | O_CLOEXEC, 0600), to);
      };
      redirect("in", O_RDONLY, STDIN_FILENO);
      redirect("out", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
      redirect("err", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
      std::vector<char*> pointers;
      for (std::string& argument : arguments) pointers.push_back(argument.data());
      pointers.push_back(nullptr);
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(root / "out"), content(root / "err")};
  }
};

constexpr const char* name_line = "[0-9a-f]+/[0-9a-f]+\n";

TEST_F(ToolTest, AddsStandardInputAndPrintsTheName) {
  const Run added = run({"add", path.string()}, "hello\n");
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_THAT(added.out, MatchesRegex(name_line));
  Queue queue = open();
  EXPECT_THAT(drain(queue), ElementsAre("hello\n"));
}

TEST_F(ToolTest, AddsFilesInOrder) {
  write(root / "a", "1");
  write(root / "b", "2");
  EXPECT_EQ(run({"add", path.string(), (root / "a").string(), "-", (root / "b").string()}, "in between").code,
            0);
  Queue queue = open();
  EXPECT_THAT(drain(queue), ElementsAre("1", "in between", "2"));
}

TEST_F(ToolTest, AddsOneElementForEachLine) {
  for (const char* durability : {"none", "full"}) {
    const Run added =
        run({"add", "--lines", "--quiet", "--durability", durability, path.string()}, "a\n\nb\nno newline");
    EXPECT_EQ(added.code, 0) << added.err;
    EXPECT_EQ(added.out, "");
    Queue queue = open();
    EXPECT_THAT(drain(queue), ElementsAre("a", "", "b", "no newline"));
  }
}

TEST_F(ToolTest, AddsMoreLinesThanABatchHolds) {
  std::string lines;
  for (int i = 0; i < 600; ++i) lines += "line\n";
  EXPECT_EQ(run({"add", "--lines", "-q", path.string()}, lines).code, 0);
  EXPECT_EQ(open().count().value(), 600U);
}

TEST_F(ToolTest, TakesFilesOver) {
  write(root / "a", "1");
  EXPECT_EQ(run({"add", "--take-over", path.string(), (root / "a").string()}).code, 0);
  EXPECT_FALSE(fs::exists(root / "a"));
  EXPECT_EQ(run({"add", "--take-over", path.string()}).code, 2);
}

TEST_F(ToolTest, SaysWhatWasAddedBeforeAFileThatFails) {
  write(root / "a", "1");
  const Run added = run({"add", "--json", path.string(), (root / "a").string(), (root / "absent").string()});
  EXPECT_EQ(added.code, 66);
  EXPECT_THAT(added.out, MatchesRegex("\\{\"added\": \\[\"[0-9a-f]+/[0-9a-f]+\"\\]\\}\n"));
  EXPECT_EQ(added.err,
            "simplevisor-dirq: open " + (root / "absent").string() + ": No such file or directory\n");
}

TEST_F(ToolTest, UmaskIsDecimalUnlessItBeginsWithZero) {
  for (const char* umask : {"63", "077", "0o77"}) {
    const Run added = run({"add", "--umask", umask, path.string()}, "x");
    EXPECT_EQ(added.code, 0) << added.err;
    const fs::path element = path / added.out.substr(0, ElementName::length);
    EXPECT_EQ(fs::status(element).permissions(), fs::perms(0600)) << umask;
  }
  for (const char* umask : {"512", "-1", "x", "08", ""})
    EXPECT_EQ(run({"add", "--umask", umask, path.string()}).code, 2);
  const Run refused = run({"add", "--durability", "some", path.string()});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("some: none of none, data, full"), std::string::npos) << refused.err;
}

TEST_F(ToolTest, CountsAndLists) {
  Queue queue = open();
  const std::string ready = queue.add("12345").value().str();
  const Lock lock = queue.lock(queue.add("").value()).value();
  EXPECT_EQ(run({"count", path.string()}).out, "2\n");
  EXPECT_EQ(run({"count", "--json", path.string()}).out,
            "{\"queue\": \"" + path.string() + "\", \"count\": 2}\n");
  const Run listed = run({"list", path.string()});
  EXPECT_THAT(listed.out, HasSubstr(ready + "  ready "));
  EXPECT_THAT(listed.out, HasSubstr(lock.name().str() + "  locked"));
  EXPECT_THAT(run({"list", "--json", path.string()}).out,
              StartsWith("{\"name\": \"" + ready + "\", \"state\": \"ready\", \"age_s\": "));
}

TEST_F(ToolTest, GetsAnElementAndLeavesItReady) {
  Queue queue = open();
  const std::string bytes("a\0b", 3);
  const std::string name = queue.add(bytes).value().str();
  const Run got = run({"get", path.string(), name});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out, bytes);
  EXPECT_THAT(files(), ElementsAre(name));
}

TEST_F(ToolTest, ExitCodesTellBusyGoneAndMalformedApart) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  const Lock lock = queue.lock(name).value();
  EXPECT_EQ(run({"get", path.string(), name.str()}).code, 75);
  EXPECT_EQ(run({"get", path.string(), "00000000/00000000000000"}).code, 66);
  const Run malformed = run({"get", path.string(), "../../etc/passwd"});
  EXPECT_EQ(malformed.code, 65);
  EXPECT_EQ(malformed.err,
            "simplevisor-dirq: element ../../etc/passwd: not of the form DDDDDDDD/EEEEEEEEEEEEEE\n");
}

TEST_F(ToolTest, AQueueThatIsNotThereIsNotMadeByLooking) {
  for (const char* command : {"count", "list", "purge", "stat"}) {
    const Run looked = run({command, path.string()});
    EXPECT_EQ(looked.code, 66);
    EXPECT_EQ(looked.err, "simplevisor-dirq: queue " + path.string() + ": no such directory\n");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ToolTest, PurgesByTheAgesGiven) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  queue.lock(name).value().release();
  age(file(name), std::chrono::seconds(100));
  EXPECT_EQ(run({"purge", path.string()}).out, "removed 0 temporaries, 0 locks, 0 directories\n");
  EXPECT_EQ(run({"purge", "--maxlock", "50", "--young-lock", "0", "--json", path.string()}).out,
            "{\"temporaries\": 0, \"locks\": 1, \"directories\": 0}\n");
}

TEST_F(ToolTest, StatsInWordsAndInJson) {
  Queue queue = open();
  ASSERT_TRUE(queue.add("x"));
  EXPECT_THAT(run({"stat", path.string()}).out, StartsWith("ready        1\nlocked       0\n"));
  EXPECT_THAT(run({"stat", "--json", path.string()}).out,
              HasSubstr("\"ready\": 1, \"locked\": 0, \"temporary\": 0"));
}

TEST_F(ToolTest, WorksOnANormalQueueAsOnASimpleOne) {
  write(root / "header", "destination\t/queue/a\n");
  const Run added = run({"add", "--type", "normal", path.string(), "--field",
                         "header=" + (root / "header").string(), "--field", "text=-"},
                        "hello\n");
  ASSERT_EQ(added.code, 0) << added.err;
  ASSERT_THAT(added.out, MatchesRegex(name_line));
  const std::string name = added.out.substr(0, ElementName::length);
  EXPECT_EQ(content(path / name / "text"), "hello\n");
  EXPECT_EQ(run({"count", path.string()}).out, "1\n");
  EXPECT_THAT(run({"list", path.string()}).out, HasSubstr(name + "  ready "));
  EXPECT_EQ(run({"get", path.string(), name, "--field", "text"}).out, "hello\n");
  const Run unnamed = run({"get", path.string(), name});
  EXPECT_EQ(unnamed.code, 65);
  EXPECT_EQ(unnamed.err, "simplevisor-dirq: element " + name + ": choose one with --field: header, text\n");
  EXPECT_EQ(run({"get", path.string(), name, "--field", "binary"}).code, 66);
  fs::create_directory(path / name / "locked");
  EXPECT_EQ(run({"get", path.string(), name, "--field", "text"}).code, 75);
  EXPECT_THAT(run({"stat", path.string()}).out, StartsWith("ready        0\nlocked       1\n"));
  age(path / name, std::chrono::seconds(100));
  EXPECT_EQ(run({"purge", "--maxlock", "50", path.string()}).out,
            "removed 0 temporaries, 1 locks, 0 directories\n");
}

TEST_F(ToolTest, AFieldThatIsAloneNeedsNoName) {
  const Run added = run({"add", "--type", "normal", "--field", "body=-", path.string()}, "x");
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(run({"get", path.string(), added.out.substr(0, ElementName::length)}).out, "x");
}

TEST_F(ToolTest, DoesNotMixTheKinds) {
  ASSERT_TRUE(open().add("x"));
  const std::string queue = path.string();
  const Run fields = run({"add", queue, "--field", "body=-"});
  EXPECT_EQ(fields.code, 2);
  EXPECT_THAT(fields.err, HasSubstr("is no normal queue"));
  const std::string name = open().list().value()[0].name.str();
  EXPECT_EQ(run({"get", queue, name, "--field", "body"}).code, 65);
  EXPECT_EQ(run({"get", queue, name}).out, "x");
  fs::create_directories(path / "temporary");
  fs::create_directories(path / "obsolete");
  const Run plain = run({"add", queue}, "x");
  EXPECT_EQ(plain.code, 2);
  EXPECT_THAT(plain.err, HasSubstr("is a normal queue"));
  EXPECT_EQ(run({"count", "--type", "simple", queue}).out, "1\n");
}

TEST_F(ToolTest, FieldsThatCannotBeAreRefusedAndAddNothing) {
  for (const std::vector<std::string>& fields : {std::vector<std::string>{"--field", "body"},
                                                 {"--field", "a=-", "--field", "a=-"},
                                                 {"--field", "a b=-"},
                                                 {"--field", "locked=-"},
                                                 {"--field", "a=-", "file"},
                                                 {"--field", "a=-", "--lines"}}) {
    std::vector<std::string> arguments{"add", "--type", "normal", path.string()};
    arguments.insert(arguments.end(), fields.begin(), fields.end());
    const Run refused = run(arguments);
    EXPECT_THAT(refused.code, testing::AnyOf(2, 65)) << refused.err;
    EXPECT_EQ(std::ranges::count(refused.err, '\n'), 1) << refused.err;
    EXPECT_FALSE(fs::exists(path));
  }
}

TEST_F(ToolTest, BadCommandLinesAreUsageErrorsOfOneLine) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"nonsense"},
                                                    {"count"},
                                                    {"get", path.string()},
                                                    {"count", path.string(), "more"},
                                                    {"add", "--granularity", "-1", path.string()},
                                                    {"add", "--durability", "maybe", path.string()},
                                                    {"count", "--type", "odd", path.string()}}) {
    const Run used = run(arguments);
    EXPECT_EQ(used.code, 2);
    EXPECT_EQ(std::ranges::count(used.err, '\n'), 1) << used.err;
    EXPECT_THAT(used.err, StartsWith("simplevisor-dirq: "));
  }
}

TEST_F(ToolTest, HelpNamesTheExitCodes) {
  EXPECT_THAT(run({"--help"}).out, HasSubstr("Exit codes: 0 done"));
}

TEST_F(ToolTest, AnOutputThatCannotBeWrittenIsAnError) {
  Queue queue = open();
  write(root / "in", "");
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    ::dup2(::open((root / "err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), STDERR_FILENO);
    ::execl(DIRQ_TOOL, DIRQ_TOOL, "count", path.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(content(root / "err"), HasSubstr("write standard output"));
}

}  // namespace
}  // namespace simplevisor::dirq
