// why, history and events, as a person at a terminal reads them.
#include <gmock/gmock.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/insight_text.hpp"
#include "tests/cli/support.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
namespace journal = runtime::journal;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

json::object object(std::string_view text) {
  return json::parse({text.data(), text.size()}).as_object();
}

TEST(EventText, IsOneLineForEachKind) {
  EXPECT_THAT(
      event_text(object(R"({"id":1,"time":"2026-01-31T13:05:06.789012Z","kind":"ended","path":"root/a",
                                   "pid":12,"cause":"failed","status":69,"lived_ms":1500,
                                   "text":"exited with status 69"})"),
                 false),
      HasSubstr(".789 ended root/a, pid 12: exited with status 69 (service unavailable), after 1.5s\n"));
  EXPECT_THAT(
      event_text(object(R"({"id":1,"time":"?","kind":"gave_up","path":"root","about":"root/a"})"), true),
      AllOf(HasSubstr("root -> root/a"), HasSubstr("\x1b[")));
}

TEST(EventText, NothingFromAWorkerMovesTheCursor) {
  EXPECT_THAT(event_text(object(R"({"kind":"x","path":"root","text":"a\u001b[2Jb\nc"})"), false),
              AllOf(Not(HasSubstr("\x1b")), ::testing::EndsWith("a?[2Jb?c\n")));
}

TEST(EventText, TakesWhatIsNotOfTheKindItExpects) {
  EXPECT_EQ(event_text(object(R"({"kind":7,"time":null,"pid":"x","path":[],"text":{}})"), false), " \n");
  EXPECT_THAT(history_text(object(R"({"path":"a","total":"x","ends":[1,{"status":1e300}]})"), false),
              HasSubstr("a: ended"));
  EXPECT_EQ(why_text(object(R"({"node":1})"), false), "");
}

TEST(HistoryText, IsATableTheYoungestFirst) {
  const std::string text = history_text(object(R"({"path":"root/a","total":300,"ends":[
      {"time":"2026-01-31T13:05:06.789012Z","cause":"signalled","signal":11,"lived_ms":61000,"action":"gave_up"},
      {"time":"2026-01-31T13:05:05.000000Z","cause":"asked","status":0,"lived_ms":5,"action":null},
      {"time":"2026-01-31T13:05:04.000000Z","cause":"not_started","lived_ms":0,"action":"retrying"}]})"),
                                        false);
  EXPECT_THAT(text, AllOf(HasSubstr("root/a: ended 300 times, the last 3:"), HasSubstr("killed by SIGSEGV"),
                          HasSubstr("its supervisor gave up"), HasSubstr("exited with status 0, as asked"),
                          HasSubstr("did not start"), HasSubstr("to be tried again")));
  EXPECT_EQ(history_text(object(R"({"path":"root/a","total":0,"ends":[]})"), false),
            "root/a: no worker of this name has ended\n");
}

class InsightCommands : public Commands {
 protected:
  InsightCommands() {
    auto opened = journal::Recorder::open({.place = {.dir = dir / "journal"}, .gather = 0ms});
    EXPECT_TRUE(opened);
    recorder = *std::move(opened);
    service.recorder = recorder.get();
    recorder->record({.kind = journal::Kind::started, .path = "root/a", .pid = 7, .life = 1});
    recorder->record({.kind = journal::Kind::started, .path = "root/b", .pid = 8, .life = 1});
    recorder->record({.kind = journal::Kind::ended,
                      .path = "root/a",
                      .pid = 7,
                      .life = 1,
                      .end = journal::End{.cause = journal::Cause::failed, .status = 78, .lived = 2s},
                      .text = "exited with status 78"});
    recorder->record({.kind = journal::Kind::restarting, .path = "root", .about = "root/a"});
    EXPECT_TRUE(recorder->sync(60s));
    serve();
  }
  std::unique_ptr<journal::Recorder> recorder;
};

TEST_F(InsightCommands, AnswerForOneNode) {
  const Result why = simplevisor({"why", "root/a"});
  EXPECT_EQ(why.exit, 0) << why.err;
  EXPECT_THAT(why.out,
              AllOf(HasSubstr("root/a is running"), HasSubstr("exited with status 78 (bad configuration)"),
                    HasSubstr("restarting root -> root/a"), HasSubstr("rules 13 and 16 to 19"),
                    HasSubstr("If it goes on"), Not(HasSubstr("root/b"))));
  const Result history = simplevisor({"history", "root/a"});
  EXPECT_EQ(history.exit, 0);
  EXPECT_THAT(history.out, AllOf(HasSubstr("ended 1 time\n"), HasSubstr("restarted")));
  EXPECT_EQ(json::parse(simplevisor({"--json", "history", "root/a"}).out).at("total"), 1);
  EXPECT_EQ(simplevisor({"why", "root/x"}).exit, 4);
  EXPECT_EQ(simplevisor({"why"}).exit, 2);
}

TEST_F(InsightCommands, ListWhatHappened) {
  const Result all = simplevisor({"events"});
  EXPECT_EQ(all.exit, 0) << all.err;
  EXPECT_EQ(std::ranges::count(all.out, '\n'), 4);
  const Result one = simplevisor({"events", "root/a"});
  EXPECT_THAT(one.out,
              AllOf(HasSubstr("started root/a"), HasSubstr("root -> root/a"), Not(HasSubstr("root/b"))));
  EXPECT_EQ(simplevisor({"events", "root/*"}).out, all.out);
  const Result lines = simplevisor({"events", "--json"});
  EXPECT_EQ(json::parse(lines.out.substr(0, lines.out.find('\n'))).at("id"), 1);
  EXPECT_EQ(simplevisor({"events", "root/x"}).exit, 4);
  EXPECT_EQ(simplevisor({"events", "-n", "2"}).out,
            all.out.substr(all.out.find('\n', all.out.find('\n') + 1) + 1));
  EXPECT_EQ(simplevisor({"events", "-n", "0"}).out, "");
  EXPECT_EQ(simplevisor({"events", "-n", "9"}).out, all.out);
  EXPECT_EQ(simplevisor({"events", "-n", "1", "root/a"}).out,
            one.out.substr(one.out.rfind('\n', one.out.size() - 2) + 1));
}

TEST_F(InsightCommands, FollowForAsLongAsTheyAreTold) {
  EXPECT_EQ(simplevisor({"--timeout", "300ms", "events", "-f"}).exit, 6);
}

}  // namespace
}  // namespace simplevisor::cli
