// The stream protocol with real handlers, good and bad ones, written in Python.
#include <gmock/gmock.h>

#include "tests/consumer/support.hpp"

namespace simplevisor::consumer {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class StreamProgram : public testing::Test {
 protected:
  TemporaryDirectory tmp;
  std::string queue = tmp / "jobs";
  std::string errors = tmp / "errors";
  std::string log = tmp / "log";

  // `on_handle` is Python with `m`, the order, and these functions at hand. The log gets what note() says.
  std::string handler(const std::string& on_handle, const std::string& ready = R"("window": 4)",
                      const std::string& others = "pass") {
    return script(tmp / "handle", R"(#!/usr/bin/python3
import json, os, sys
def say(**answer): print(json.dumps(answer), flush=True)
def note(*words):
    with open(")" + log + R"(", "a") as log: log.write(" ".join(map(str, words)) + "\n")
def first_time(name):
    try: os.close(os.open(")" + (tmp / "once-") +
                                      R"(" + name, os.O_CREAT | os.O_EXCL)); return True
    except FileExistsError: return False
def handle(m):
    seq, body = m["seq"], m["message"].get("body", "")
)" + on_handle + R"(
def other(m):
    )" + others + R"(
for line in sys.stdin:
    m = json.loads(line)
    if m["op"] == "start": note("start", m["protocol"], m["data"]); say(**{"op": "ready", )" +
                                      ready + R"(})
    elif m["op"] == "handle": handle(m)
    elif m["op"] == "stop": note("stop")
    else: other(m)
note("end of input")
)");
  }
  std::vector<std::string> run(const std::string& path, std::vector<std::string> options = {}) {
    std::vector<std::string> all{CONSUMER_PROGRAM, "--queue", queue,           "--protocol", "stream",
                                 "--window",       "8",       "--retry-delay", "10ms",       "--until-empty"};
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), {"--", path});
    Program program{all, errors};
    program.lines();
    EXPECT_EQ(program.wait(), 0) << read_file(errors);
    return logged();
  }
  std::vector<std::string> logged() const {
    std::ifstream in{log};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  std::vector<std::string> dead() const {
    std::vector<std::string> bodies;
    for (const auto& bytes : contents(queue + ".dead")) bodies.push_back(body_of(bytes));
    return bodies;
  }
};

TEST_F(StreamProgram, StartsHandlesAndStopsOneProcess) {
  add(queue, "one", {{"k", "v"}});
  add(queue, "two\n\"\u263a");
  EXPECT_THAT(run(handler(R"(
    note(m["attempt"], json.dumps(m["message"], sort_keys=True)); say(seq=seq, action="done"))"),
                  {"--data", R"({"a": 1})"}),
              ElementsAre("start 1 {'a': 1}", R"(1 {"body": "one", "header": {"k": "v"}, "text": true})",
                          R"(1 {"body": "two\n\"\u263a", "text": true})", "stop", "end of input"));
  EXPECT_THAT(contents(queue), IsEmpty());
}

TEST_F(StreamProgram, TakesAnswersInAnyOrder) {
  for (int i = 0; i < 20; ++i) add(queue, std::to_string(i));
  const auto lines = run(handler(R"(
    handle.open = getattr(handle, "open", []) + [seq]
    if len(handle.open) == 4:
        for s in reversed(handle.open): say(seq=s, action="done")
        handle.open = [])"));
  EXPECT_THAT(contents(queue), IsEmpty());
  EXPECT_THAT(lines, ElementsAre("start 1 {}", "stop", "end of input"));
}

TEST_F(StreamProgram, DoesWhatTheAnswersSay) {
  for (const char* body : {"good", "later", "bad"}) add(queue, body);
  EXPECT_THAT(run(handler(R"(
    note(body, m["attempt"])
    if body == "bad": say(seq=seq, action="fail", reason="it is " + body)
    elif body == "later" and first_time(body): say(seq=seq, action="retry", delay=0.02)
    else: say(seq=seq, action="done"))"),
                  {"--attempts", "2"}),
              UnorderedElementsAre("start 1 {}", "good 1", "later 1", "later 1", "bad 1", "bad 2", "stop",
                                   "end of input"));
  EXPECT_THAT(dead(), ElementsAre("bad"));
  EXPECT_THAT(read_file(errors), HasSubstr("handler: it is bad"));
}

TEST_F(StreamProgram, FindsTheMessageThatKillsItsHandlerAndSparesTheOthers) {
  for (const char* body : {"a", "b", "poison", "c", "d", "e"}) add(queue, body);
  run(handler(R"(
    if body == "poison": os._exit(9)
    handle.open = getattr(handle, "open", []) + [seq]
    say(seq=seq, action="done"); note(body))"),
      {"--attempts", "2"});
  EXPECT_THAT(dead(), ElementsAre("poison"));
  for (const char* body : {"a", "b", "c", "d", "e"}) EXPECT_THAT(logged(), Contains(body));
  EXPECT_THAT(contents(queue), IsEmpty());
}

TEST_F(StreamProgram, BuriesAMessageThatIsNeverAnsweredAndHandlesTheOthers) {
  for (const char* body : {"silent", "other"}) add(queue, body);
  run(handler(R"(
    if body != "silent": say(seq=seq, action="done"); note(body))"),
      {"--attempts", "1", "--handler-timeout", "500ms"});
  EXPECT_THAT(dead(), ElementsAre("silent"));
  EXPECT_THAT(logged(), Contains("other"));
}

class BadHandler : public StreamProgram,
                   public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(BadHandler, IsKilledAndItsMessagesAreOfferedAgain) {
  for (const char* body : {"one", "two", "three"}) add(queue, body);
  run(handler("\n    if first_time('fault'): " + std::string{GetParam().first} +
              "\n    else: say(seq=seq, action='done'); note(body)"));
  EXPECT_THAT(contents(queue), IsEmpty());
  EXPECT_THAT(dead(), IsEmpty());
  for (const char* body : {"one", "two", "three"}) EXPECT_THAT(logged(), Contains(body));
  EXPECT_THAT(read_file(errors), HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadHandler,
    testing::Values(
        std::pair{"print('hello', flush=True)", "not JSON"},
        std::pair{"say(seq=12345, action='done')", "an answer to 12345, which is not open"},
        std::pair{"note(body); say(seq=seq, action='done'); say(seq=seq, action='done')",
                  "which is not open"},
        std::pair{"say(op='ready')", "ready a second time"},
        std::pair{"say(seq=seq, action='perhaps')", "unknown \"action\""},
        std::pair{"sys.stdout.write('x' * 2000000); sys.stdout.flush()", "a line of more than 1048576 bytes"},
        std::pair{"sys.stdout.flush(); os.close(1); sys.stdin.read()", "closed its standard output"},
        std::pair{"os.kill(os.getpid(), 11)", "killed by signal 11 (SEGV)\n"},
        // What it leaves behind, out of our reach, goes on writing.
        std::pair{"p = os.getpid(); os.fork() and os._exit(3); os.setsid(); "
                  "[0 for _ in iter(lambda: os.getppid() == p, False)]; "
                  "os.execlp('cat', 'cat', '/dev/zero')",
                  "exit status 3"}),
    [](const auto& case_info) { return "Fault" + std::to_string(case_info.index); });

TEST_F(StreamProgram, SendsIdleOnlyWhenAsked) {
  queue_at(queue);
  Program program{{CONSUMER_PROGRAM, "--queue", queue, "--protocol", "stream", "--",
                   handler("    pass", R"("idle": True)",
                           R"(print(m, file=sys.stderr); sys.stderr.flush(); os.kill(os.getppid(), 15))")},
                  errors};
  program.lines();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(read_file(errors), HasSubstr("{'op': 'idle'}"));
  EXPECT_THAT(logged(), ElementsAre("start 1 {}", "stop", "end of input"));
}

TEST_F(StreamProgram, PassesLargeMessagesAndBinaryOnesUnharmed) {
  std::string bytes;
  for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 31);
  queue_at(queue).add(bytes).value();
  EXPECT_THAT(run(handler(R"(
    import base64, hashlib
    note(m["message"]["encoding"], len(base64.b64decode(body)), hashlib.md5(base64.b64decode(body)).hexdigest() != "")
    say(seq=seq, action="done"))"),
                  {"--raw"}),
              Contains("base64 3000000 True"));
}

}  // namespace
}  // namespace simplevisor::consumer
