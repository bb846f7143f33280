#include "supervisor/control/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "supervisor/control/node_order.hpp"

namespace simplevisor::control {
namespace {

using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

NodeStatus full_node() {
  NodeStatus node;
  node.path = "root/pool/2";
  node.name = "2";
  node.type = NodeType::worker;
  node.state = "restarting";
  node.depth = 2;
  node.ready = 0;
  node.wanted = 1;
  node.pid = 4711;
  node.age = milliseconds(1234);
  node.restarts = 3;
  node.restarts_limit = 5;
  node.restarts_window = milliseconds(60'000);
  node.next = "restart in 4.2 s";
  node.why = "exited with status 3";
  node.status = "\"quoted\" and \n lines";
  node.verdict = Verdict::healing;
  return node;
}

NodeStatus at(std::string path) {
  NodeStatus node;
  node.path = std::move(path);
  return node;
}

void expect_same(const NodeStatus& a, const NodeStatus& b) {
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.depth, b.depth);
  EXPECT_EQ(a.ready, b.ready);
  EXPECT_EQ(a.wanted, b.wanted);
  EXPECT_EQ(a.pid, b.pid);
  EXPECT_EQ(a.age, b.age);
  EXPECT_EQ(a.restarts, b.restarts);
  EXPECT_EQ(a.restarts_limit, b.restarts_limit);
  EXPECT_EQ(a.restarts_window, b.restarts_window);
  EXPECT_EQ(a.next, b.next);
  EXPECT_EQ(a.why, b.why);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.verdict, b.verdict);
}

TEST(NodeJson, ComesBackAsItWas) {
  NodeStatus none = at("root");
  none.type = NodeType::supervisor;
  for (const auto& text : {status_json({none, full_node()}), check_json({none, full_node()})}) {
    const auto rows = parse_nodes(text);
    ASSERT_TRUE(rows) << rows.error();
    ASSERT_EQ(rows->size(), 2u);
    expect_same((*rows)[0], none);
    expect_same((*rows)[1], full_node());
  }
}

TEST(NodeJson, SurvivesBytesThatAreNotUtf8) {
  NodeStatus node = full_node();
  node.status = "half a character: \xE2\x82";
  const auto rows = parse_nodes(status_json({node}));
  ASSERT_TRUE(rows) << rows.error();
  EXPECT_EQ(rows->front().status, "half a character: \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(NodeJson, CheckCarriesTheWorstVerdict) {
  EXPECT_THAT(check_json({at("root"), full_node()}), HasSubstr(R"("verdict":"healing","nodes")"));
  EXPECT_THAT(check_json({}), HasSubstr(R"("verdict":"good")"));
}

TEST(TreeJson, NestsAndIsReadBackInTreeOrder) {
  const std::vector<NodeStatus> rows{at("root"),    at("root/a"), at("root/a/x"), at("root/a/y"),
                                     at("root/ab"), at("root/b"), at("root/b/z")};
  const std::string text = tree_json(rows);
  EXPECT_EQ(text.find("\"root/a\"") < text.find("\"children\":[{\"path\":\"root/a/x\""), true);
  const auto back = parse_nodes(text);
  ASSERT_TRUE(back) << back.error();
  std::vector<std::string> paths;
  for (const auto& row : *back) paths.push_back(row.path);
  EXPECT_THAT(paths, ElementsAre("root", "root/a", "root/a/x", "root/a/y", "root/ab", "root/b", "root/b/z"));
}

TEST(NodeOrder, CountsDepthFromTheRowsShown) {
  EXPECT_THAT(shown_depths({at("root/b/x"), at("root/b/x/1"), at("root/bx"), at("root/c")}),
              ElementsAre(0, 1, 0, 0));
  EXPECT_FALSE(is_below("root/ab", "root/a"));
  EXPECT_FALSE(is_below("root/a", "root/a"));
  EXPECT_TRUE(is_below("root/a/b", "root"));
}

TEST(ParseNodes, SaysWhatIsWrong) {
  struct Case {
    std::string_view text;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"", "not JSON"},
      {"[]", "not a JSON object"},
      {"{}", "\"nodes\" is not an array"},
      {R"({"nodes":[3]})", "node 0 is not an object"},
      {R"({"nodes":[{"path":"root"},{"path":7}]})", "node 1: \"path\" is not a string"},
      {R"({"nodes":[{}]})", "node 0: \"path\" is not given"},
      {R"({"nodes":[{"path":"root","pid":1.5}]})", "node 0: \"pid\" is not a whole number in range"},
      {R"({"nodes":[{"path":"root","ready":-1}]})", "node 0: \"ready\" is not a whole number in range"},
      {R"({"nodes":[{"path":"root","verdict":"odd"}]})", "node 0: \"verdict\" is not a known word"},
  };
  for (const Case& c : cases) {
    const auto rows = parse_nodes(c.text);
    ASSERT_FALSE(rows) << c.text;
    EXPECT_THAT(rows.error(), HasSubstr(c.complaint)) << c.text;
  }
}

TEST(ParseOrderBody, ComesBackAsItWas) {
  constexpr std::array<std::string_view, 4> all{"pattern", "reason", "for_ms", "signal"};
  const auto order = parse_order_body(
      order_body(
          {.pattern = "root/\"x\"", .reason = "a b", .limit = std::chrono::seconds{2}, .signal = "HUP"}),
      all);
  ASSERT_TRUE(order) << order.error();
  EXPECT_EQ(order->pattern, "root/\"x\"");
  EXPECT_EQ(order->reason, "a b");
  EXPECT_EQ(order->limit, std::chrono::seconds{2});
  EXPECT_EQ(order->signal, "HUP");
}

TEST(ParseOrderBody, TakesOnlyWhatIsAllowed) {
  constexpr std::array<std::string_view, 1> plain{"pattern"};
  constexpr std::array<std::string_view, 3> of_stop{"pattern", "reason", "for_ms"};
  for (const auto* text : {"", "{", "[]", "{}", R"({"pattern":1})", R"({"pattern":"a","more":1})",
                           R"({"pattern":"a","reason":"b"})", R"({"Pattern":"a"})", "{\"pattern\":\"\xFF\"}",
                           R"({"pattern":"a"} x)", R"({"pattern":""})"}) {
    EXPECT_FALSE(parse_order_body(text, plain)) << text;
  }
  for (const auto* text :
       {R"({"pattern":"a","for_ms":0})", R"({"pattern":"a","for_ms":-1})",
        R"({"pattern":"a","for_ms":1e300})", R"({"pattern":"a","for_ms":"1h"})",
        R"({"pattern":"a","for_ms":999999999999999999})", R"({"pattern":"a","reason":1})"}) {
    EXPECT_FALSE(parse_order_body(text, of_stop)) << text;
  }
  EXPECT_FALSE(parse_order_body(order_body({.pattern = "a", .reason = std::string(2000, 'x')}), of_stop));
  const std::string deep = R"({"pattern":)" + std::string(60'000, '[');
  EXPECT_FALSE(parse_order_body(deep, plain));
}

TEST(InfoJson, ComesBackAsItWas) {
  const auto info = parse_info(info_json({.name = "n",
                                          .version = "v",
                                          .state_dir = "/s",
                                          .pid = 7,
                                          .uptime = milliseconds(5),
                                          .phase = "running"}));
  ASSERT_TRUE(info) << info.error();
  EXPECT_EQ(info->name, "n");
  EXPECT_EQ(info->pid, 7);
  EXPECT_EQ(info->uptime, milliseconds(5));
}

TEST(ErrorJson, ComesBackAsItWas) {
  const auto error = parse_problem(problem_json(500, "failed", "it \"broke\"", {"root/a"}));
  ASSERT_TRUE(error) << error.error();
  EXPECT_EQ(error->code, "failed");
  EXPECT_EQ(error->detail, "it \"broke\"");
}

}  // namespace
}  // namespace simplevisor::control
