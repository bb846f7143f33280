// What the code serves and what docs/api/openapi.json promises are the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "supervisor/control/flow.hpp"
#include "supervisor/control/insight.hpp"
#include "supervisor/control/json.hpp"
#include "supervisor/control/routes.hpp"
#include "supervisor/runtime/journal/event_json.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;
namespace journal = runtime::journal;

json::value document() {
  std::ifstream file(OPENAPI_FILE);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return json::parse(text);
}

std::set<std::string> keys(const json::object& object) {
  std::set<std::string> names;
  for (const auto& member : object) names.emplace(member.key());
  return names;
}

std::set<std::string> promised(const json::value& doc, const char* schema) {
  return keys(doc.at("components").at("schemas").at(schema).at("properties").as_object());
}

TEST(OpenApi, DescribesEveryRouteAndNoOther) {
  std::set<std::string> served;
  for (const Route& route : routes())
    served.insert(std::string(route.method) + " " + std::string(route.path));
  std::set<std::string> described;
  const json::value doc = document();
  for (const auto& path : doc.at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      std::string name(method.key());
      for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
      described.insert(name + " " + std::string(path.key()));
    }
  }
  EXPECT_EQ(served, described);
}

TEST(OpenApi, DescribesTheMembersOfEveryObject) {
  const json::value doc = document();
  const json::value nodes = json::parse(status_json({runtime::NodeStatus{}}));
  EXPECT_EQ(promised(doc, "Node"), keys(nodes.at("nodes").at(0).as_object()));
  EXPECT_EQ(promised(doc, "Nodes"), keys(nodes.as_object()));
  EXPECT_EQ(promised(doc, "Check"), keys(json::parse(check_json({})).as_object()));
  EXPECT_EQ(promised(doc, "Info"), keys(json::parse(info_json({})).as_object()));
  EXPECT_EQ(promised(doc, "Answer"), keys(json::parse(answer_json({}, false)).as_object()));
  EXPECT_EQ(promised(doc, "Order"),
            keys(json::parse(order_body({"a", "b", std::chrono::milliseconds{1}, "HUP"})).as_object()));
  EXPECT_EQ(promised(doc, "Why"),
            keys(json::parse(why_json({{runtime::NodeStatus{}}, ""}, nullptr)).as_object()));
  EXPECT_EQ(promised(doc, "History"), keys(json::parse(history_json("a", nullptr)).as_object()));
  EXPECT_EQ(promised(doc, "Flow"),
            keys(json::parse(flow_json({{}, {}, {}, {}}, [](auto) { return true; })).as_object()));
  EXPECT_EQ(promised(doc, "Events"), keys(json::parse(events_json({})).as_object()));
  EXPECT_EQ(promised(doc, "Session"), keys(json::parse(session_json(Rights::whole(Role::read))).as_object()));
  EXPECT_EQ(promised(doc, "Problem"), keys(json::parse(problem_json(400, "a", "b", {"c"})).as_object()));
}

TEST(OpenApi, DescribesTheMembersOfLogs) {
  const json::value doc = document();
  simplevisor::testing::PrivateDir dir;
  simplevisor::testing::FakeService service;
  service.logs = dir.path();
  std::ofstream{dir / "a.log"} << "2026-01-31T10:00:00.000Z stdout P text\n";
  const json::value logs = json::parse(logs_json({"root/a"}, {}, service));
  EXPECT_EQ(promised(doc, "Logs"), keys(logs.as_object()));
  EXPECT_EQ(promised(doc, "LogLine"), keys(logs.at("lines").at(0).as_object()));
}

TEST(OpenApi, DescribesEveryKindOfEventAndWhatEventsHave) {
  const json::value doc = document();
  std::set<std::string> kinds;
  for (int n = 0; n <= static_cast<int>(journal::Kind::supervisor_stopped); ++n)
    kinds.emplace(journal::name_of(static_cast<journal::Kind>(n)));
  const json::value& event = doc.at("components").at("schemas").at("Event").at("properties");
  std::set<std::string> described;
  for (const json::value& kind : event.at("kind").at("enum").as_array()) described.emplace(kind.as_string());
  EXPECT_EQ(described, kinds);

  std::set<std::string> members;
  for (const bool by_signal : {true, false}) {
    const journal::Event full{.id = 1,
                              .kind = journal::Kind::stopping,
                              .path = "a",
                              .about = "b",
                              .pid = 1,
                              .life = 1,
                              .end = journal::End{.by_signal = by_signal},
                              .text = "c",
                              .by = "d"};
    members.merge(keys(json::parse(journal::to_json(full)).as_object()));
  }
  EXPECT_EQ(keys(event.as_object()), members);
}

TEST(OpenApi, ResolvesEveryReference) {
  const json::value doc = document();
  const json::value& components = doc.at("components");
  std::set<std::string> there;
  for (const auto& kind : components.as_object()) {
    for (const std::string& name : keys(kind.value().as_object()))
      there.insert(std::string(kind.key()) + "/" + name);
  }
  const std::string text = json::serialize(doc);
  const std::string prefix = "\"#/components/";
  std::size_t count = 0;
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
    const std::size_t begin = at + prefix.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(there.contains(name)) << name;
    ++count;
  }
  EXPECT_GT(count, 10u);
}

}  // namespace
}  // namespace simplevisor::control
