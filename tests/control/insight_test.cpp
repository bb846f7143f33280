// What is told of a node in trouble: how it ended, what was decided, what it printed, and what comes next.
#include "supervisor/control/insight.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <set>

#include "supervisor/control/routes.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;
namespace journal = runtime::journal;
using namespace std::chrono_literals;
using runtime::NodeStatus;
using runtime::NodeType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Insight : public ::testing::Test {
 protected:
  Insight() {
    auto opened = journal::Recorder::open({.place = {.dir = dir / "journal"}, .gather = 0ms});
    EXPECT_TRUE(opened) << opened.error().message;
    recorder = *std::move(opened);
    service.recorder = recorder.get();
    service.logs = dir.path();
    auto supervisor = simplevisor::testing::node("root", NodeType::supervisor);
    supervisor.strategy = "one_for_one";
    supervisor.restart_type = "permanent";
    supervisor.restarts = 1;
    supervisor.restarts_limit = 3;
    supervisor.restarts_window = 60s;
    auto worker = simplevisor::testing::node("root/a", NodeType::worker, "restarting");
    worker.restart_type = "permanent";
    auto other = simplevisor::testing::node("root/ab", NodeType::worker);
    service.rows = {supervisor, worker, other};
  }

  void die(const std::string& path, int status) {
    recorder->record({.kind = journal::Kind::ended,
                      .path = path,
                      .pid = 7,
                      .life = 1,
                      .end = journal::End{.cause = journal::Cause::failed, .status = status, .lived = 1500ms},
                      .text = "exited with status " + std::to_string(status)});
    recorder->record({.kind = journal::Kind::restarting, .path = "root", .about = path});
  }
  // Of everything that was recorded.
  Reply get(const std::string& target) {
    const auto call = parse_request("GET", target, "");
    if (!call) return call.error();
    EXPECT_TRUE(recorder->sync(60s));
    std::optional<Reply> reply;
    carry_out(service, *call, [&](const Finding& finding) { reply = render(*call, finding, service); });
    return reply.value_or(Reply{0, "no answer", ""});
  }

  simplevisor::testing::PrivateDir dir;
  std::unique_ptr<journal::Recorder> recorder;
  simplevisor::testing::FakeService service;
};

TEST_F(Insight, TellsTheHistoryOfAWorkerTheYoungestEndFirst) {
  for (int n = 0; n < 120; ++n) die("root/a", n);
  const Reply reply = get("/v1/history?pattern=root/a");
  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value history = json::parse(reply.body);
  EXPECT_EQ(history.at("path"), "root/a");
  EXPECT_EQ(history.at("total"), 120);
  ASSERT_EQ(history.at("ends").as_array().size(), 100U);
  const json::value& last = history.at("ends").at(0);
  EXPECT_EQ(last.at("status"), 119);
  EXPECT_EQ(last.at("cause"), "failed");
  EXPECT_EQ(last.at("lived_ms"), 1500);
  EXPECT_EQ(last.at("action"), "restarting");
}

TEST_F(Insight, TellsWhy) {
  std::ofstream{dir / "a.log"} << "one\ntwo \"quoted\" \xff\n";
  die("root/a", 69);
  die("root/ab", 1);
  const Reply reply = get("/v1/why?pattern=root/a");
  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value why = json::parse(reply.body);
  EXPECT_EQ(why.at("node").at("path"), "root/a");
  EXPECT_EQ(why.at("above").at(0).at("path"), "root");
  EXPECT_EQ(why.at("ends").as_array().size(), 1U);
  std::vector<std::string> kinds;
  for (const json::value& event : why.at("decisions").as_array())
    kinds.emplace_back(event.at("kind").as_string());
  EXPECT_THAT(kinds, ElementsAre("ended", "restarting"));
  EXPECT_THAT(std::string{why.at("decisions").at(1).at("rule").as_string()}, HasSubstr("rules 13"));
  EXPECT_EQ(why.at("output").at(0), "one");
  EXPECT_EQ(why.at("output").at(1), "two \"quoted\" \xef\xbf\xbd");
  EXPECT_THAT(std::string{why.at("outlook").at(0).as_string()},
              HasSubstr("root restarts root/a, 2 more times within 60 s"));
}

TEST_F(Insight, OfWhatHasNoOutputAndNoHistoryTellsTheRest) {
  service.recorder = nullptr;
  const Reply reply = get("/v1/why?pattern=root");
  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value why = json::parse(reply.body);
  EXPECT_TRUE(why.at("ends").as_array().empty());
  EXPECT_TRUE(why.at("output").as_array().empty());
  EXPECT_EQ(json::parse(get("/v1/history?pattern=root/a").body).at("total"), 0);
  EXPECT_TRUE(json::parse(get("/v1/events").body).at("events").as_array().empty());
}

TEST_F(Insight, TellsEventsAfterOne) {
  die("root/a", 1);
  die("root/a", 2);
  const json::value all = json::parse(get("/v1/events").body);
  EXPECT_EQ(all.at("events").as_array().size(), 4U);
  EXPECT_EQ(all.at("last"), 4);
  const json::value rest = json::parse(get("/v1/events?after=3").body);
  EXPECT_EQ(rest.at("events").at(0).at("id"), 4);
  EXPECT_EQ(json::parse(get("/v1/events?after=4").body).at("first"), 0);
  EXPECT_EQ(json::parse(get("/v1/events?last=2").body).at("first"), 3);
  EXPECT_EQ(json::parse(get("/v1/events?last=2&after=3").body).at("first"), 4);
  EXPECT_EQ(json::parse(get("/v1/events?last=9").body).at("first"), 1);
  EXPECT_EQ(json::parse(get("/v1/events?last=0").body).at("events").as_array().size(), 0U);
}

TEST_F(Insight, TellsTheFlowAlsoWhereThereIsNone) {
  const auto reply = get("/v1/flow");
  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(json::parse(reply.body), json::parse(R"({"queues":[],"uses":[],"brokers":[],"counters":[]})"));
  EXPECT_EQ(get("/v1/flow?pattern=root").status, 400U);
}

TEST_F(Insight, RefusesWhatIsNoNodeOrNoNumber) {
  EXPECT_EQ(get("/v1/why").status, 400U);
  EXPECT_EQ(get("/v1/why?pattern=root/x").status, 404U);
  EXPECT_EQ(get("/v1/history").status, 400U);
  EXPECT_EQ(get("/v1/events?after=").status, 400U);
  EXPECT_EQ(get("/v1/events?after=-1").status, 400U);
  EXPECT_EQ(get("/v1/events?last=").status, 400U);
  EXPECT_EQ(get("/v1/events?after=1x").status, 400U);
  EXPECT_EQ(get("/v1/events?after=99999999999999999999").status, 400U);
  EXPECT_EQ(get("/v1/status?after=1").status, 400U);
}

// Rows from the root down, as "type restart_type strategy restarts/limit".
NodeStatus row(const std::string& path, NodeType type, const std::string& restart,
               const std::string& strategy = "", std::size_t restarts = 0, std::size_t limit = 1) {
  NodeStatus status = simplevisor::testing::node(path, type);
  status.restart_type = restart;
  status.strategy = strategy;
  status.restarts = restarts;
  status.restarts_limit = limit;
  status.restarts_window = 5s;
  return status;
}

TEST(Outlook, GoesUpToTheRoot) {
  const std::vector rows{row("root", NodeType::supervisor, "permanent", "one_for_all"),
                         row("root/b", NodeType::supervisor, "permanent", "rest_for_one", 1, 1),
                         row("root/b/w", NodeType::worker, "permanent")};
  EXPECT_THAT(outlook(rows),
              ElementsAre("if it fails: root/b gives up and stops all its children",
                          "then: root restarts root/b and all its siblings, once more within 5 s",
                          "one more: root gives up and stops all its children",
                          "that is the whole tree: the supervisor ends with exit status 1"));
}

TEST(Outlook, EndsWhereTheFailureEnds) {
  auto root = row("root", NodeType::supervisor, "permanent", "one_for_one");
  const auto worker = row("root/w", NodeType::worker, "temporary");
  EXPECT_THAT(outlook({root, worker}), ElementsAre(HasSubstr("is temporary")));
  EXPECT_THAT(
      outlook({root, row("root/b", NodeType::supervisor, "transient", "one_for_one", 1, 1),
               row("root/b/w", NodeType::worker, "transient")}),
      ElementsAre(HasSubstr("root/b gives up"), HasSubstr("stays stopped, and nobody above it notices")));
  root.cools_down = true;
  EXPECT_THAT(outlook({root, row("root/w", NodeType::worker, "permanent")}),
              ElementsAre(HasSubstr("root restarts root/w, once more within 5 s"),
                          HasSubstr("waits, then tries again")));
  EXPECT_THAT(outlook({root}), ElementsAre(HasSubstr("the supervisor ends with exit status 1")));
}

}  // namespace
}  // namespace simplevisor::control
