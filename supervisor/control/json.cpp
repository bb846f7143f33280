#include "supervisor/control/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <utility>

#include "supervisor/control/node_order.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;
using runtime::NodeStatus;
using std::chrono::milliseconds;

constexpr std::array<std::pair<runtime::NodeType, std::string_view>, 3> type_names{
    {{runtime::NodeType::supervisor, "supervisor"},
     {runtime::NodeType::pool, "pool"},
     {runtime::NodeType::worker, "worker"}}};
constexpr std::array<std::pair<runtime::Verdict, std::string_view>, 3> verdict_names{
    {{runtime::Verdict::good, "good"},
     {runtime::Verdict::healing, "healing"},
     {runtime::Verdict::failed, "failed"}}};
constexpr std::array<std::pair<runtime::Outcome, std::string_view>, 6> outcome_names{
    {{runtime::Outcome::done, "done"},
     {runtime::Outcome::failed, "failed"},
     {runtime::Outcome::no_such_node, "no_such_node"},
     {runtime::Outcome::ambiguous, "ambiguous"},
     {runtime::Outcome::refused, "refused"},
     {runtime::Outcome::not_permitted, "not_permitted"}}};

constexpr std::size_t reason_bytes_max = 1024;
constexpr std::int64_t limit_ms_max = std::int64_t{10} * 366 * 24 * 3600 * 1000;  // ten years

template <class Table, class E>
std::string_view look_up(const Table& table, E value) {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  return "unknown";
}

template <class Table>
auto value_of(const Table& table, std::string_view name) -> std::optional<decltype(table[0].first)> {
  for (const auto& [value, candidate] : table) {
    if (candidate == name) return value;
  }
  return std::nullopt;
}

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}
json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

json::value text_value(std::string_view text) {
  if (is_utf8(text)) return json::value(view(text));
  return json::value(view(clean_utf8(text)));
}

json::value milliseconds_or_null(milliseconds time) {
  return time.count() < 0 ? json::value(nullptr) : json::value(time.count());
}

json::object node_object(const NodeStatus& node) {
  json::object object;
  object.reserve(22);
  object["path"] = text_value(node.path);
  object["name"] = text_value(node.name);
  object["type"] = view(name_of(node.type));
  object["depth"] = node.depth;
  object["state"] = text_value(node.state);
  object["ready"] = node.ready;
  object["wanted"] = node.wanted;
  object["pid"] = node.pid > 0 ? json::value(node.pid) : json::value(nullptr);
  object["age_ms"] = milliseconds_or_null(node.age);
  object["restarts"] = node.restarts;
  object["restarts_limit"] = node.restarts_limit;
  object["restarts_window_ms"] = node.restarts_window.count();
  object["restart_type"] = text_value(node.restart_type);
  object["strategy"] = node.strategy.empty() ? json::value(nullptr) : text_value(node.strategy);
  object["cools_down"] = node.cools_down;
  object["next"] = text_value(node.next);
  object["why"] = text_value(node.why);
  object["status"] = text_value(node.status);
  object["held"] = node.held;
  object["verdict"] = view(name_of(node.verdict));
  return object;
}

json::array node_array(const std::vector<NodeStatus>& rows) {
  json::array nodes;
  nodes.reserve(rows.size());
  for (const NodeStatus& row : rows) nodes.emplace_back(node_object(row));
  return nodes;
}

// Takes the members of one object, noting the first that is not of its type. A member that is missing keeps
// its default: a newer client may ask an older supervisor.
class Members {
 public:
  Members(const json::object& object, std::string where) : object_(object), where_(std::move(where)) {}

  void text(std::string_view name, std::string& out) {
    const json::value* value = object_.if_contains(view(name));
    if (value == nullptr || value->is_null()) return;
    if (!value->is_string()) return complain(name, "a string");
    out = view(value->get_string());
  }
  void flag(std::string_view name, bool& out) {
    const json::value* value = object_.if_contains(view(name));
    if (value == nullptr) return;
    if (!value->is_bool()) return complain(name, "true or false");
    out = value->get_bool();
  }
  template <class N>
  void number(std::string_view name, N& out) {
    const json::value* value = object_.if_contains(view(name));
    if (value == nullptr || value->is_null()) return;
    boost::system::error_code error;
    const N number = value->to_number<N>(error);
    if (error) return complain(name, "a whole number in range");
    out = number;
  }
  void time(std::string_view name, milliseconds& out) {
    std::int64_t count = out.count();
    number(name, count);
    out = milliseconds(count);
  }
  template <class Table, class E>
  void choice(std::string_view name, const Table& table, E& out) {
    std::string word{look_up(table, out)};
    text(name, word);
    const auto value = value_of(table, word);
    if (!value) return complain(name, "a known word");
    out = *value;
  }
  const std::string& complaint() const { return complaint_; }
  void complain(std::string_view name, std::string_view wanted) {
    if (complaint_.empty()) complaint_ = fmt::format("{}: \"{}\" is not {}", where_, name, wanted);
  }

 private:
  const json::object& object_;
  std::string where_;
  std::string complaint_;
};

std::expected<json::object, std::string> parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = 1024;
  boost::system::error_code error;
  json::value value = json::parse(view(text), error, {}, options);
  if (error) return std::unexpected(fmt::format("not JSON: {}", error.message()));
  if (!value.is_object()) return std::unexpected(std::string("not a JSON object"));
  return std::move(value.get_object());
}

std::expected<NodeStatus, std::string> parse_node(const json::value& value, std::size_t index) {
  const std::string where = fmt::format("node {}", index);
  if (!value.is_object()) return std::unexpected(where + " is not an object");
  Members members(value.get_object(), where);
  NodeStatus node;
  members.text("path", node.path);
  members.text("name", node.name);
  members.choice("type", type_names, node.type);
  members.number("depth", node.depth);
  members.text("state", node.state);
  members.number("ready", node.ready);
  members.number("wanted", node.wanted);
  members.number("pid", node.pid);
  members.time("age_ms", node.age);
  members.number("restarts", node.restarts);
  members.number("restarts_limit", node.restarts_limit);
  members.time("restarts_window_ms", node.restarts_window);
  members.text("restart_type", node.restart_type);
  members.text("strategy", node.strategy);
  members.flag("cools_down", node.cools_down);
  members.text("next", node.next);
  members.text("why", node.why);
  members.text("status", node.status);
  members.flag("held", node.held);
  members.choice("verdict", verdict_names, node.verdict);
  if (node.path.empty()) members.complain("path", "given");
  if (!members.complaint().empty()) return std::unexpected(members.complaint());
  return node;
}

}  // namespace

std::string_view name_of(runtime::NodeType type) {
  return look_up(type_names, type);
}
std::string_view name_of(runtime::Verdict verdict) {
  return look_up(verdict_names, verdict);
}
std::string_view name_of(runtime::Outcome outcome) {
  return look_up(outcome_names, outcome);
}

runtime::Verdict worst(const std::vector<NodeStatus>& rows) {
  runtime::Verdict verdict = runtime::Verdict::good;
  for (const NodeStatus& row : rows) verdict = std::max(verdict, row.verdict);
  return verdict;
}

std::string info_json(const runtime::ServiceInfo& info) {
  return json::serialize(json::object{{"name", text_value(info.name)},
                                      {"version", text_value(info.version)},
                                      {"state_dir", text_value(info.state_dir)},
                                      {"pid", info.pid},
                                      {"uptime_ms", info.uptime.count()},
                                      {"phase", text_value(info.phase)}});
}

std::string node_json(const NodeStatus& row) {
  return json::serialize(node_object(row));
}

std::string status_json(const std::vector<NodeStatus>& rows) {
  return json::serialize(json::object{{"nodes", node_array(rows)}});
}

std::string check_json(const std::vector<NodeStatus>& rows) {
  return json::serialize(json::object{{"verdict", view(name_of(worst(rows)))}, {"nodes", node_array(rows)}});
}

std::string tree_json(const std::vector<NodeStatus>& rows) {
  const std::vector<std::size_t> depths = shown_depths(rows);
  json::array top;
  std::vector<json::object> open;  // the nodes from a top one down to the latest
  const auto close_to = [&](std::size_t depth) {
    while (open.size() > depth) {
      json::object node = std::move(open.back());
      open.pop_back();
      json::array& siblings = open.empty() ? top : open.back()["children"].as_array();
      siblings.emplace_back(std::move(node));
    }
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    close_to(depths[i]);
    open.push_back(node_object(rows[i]));
    open.back()["children"].emplace_array();
  }
  close_to(0);
  return json::serialize(json::object{{"nodes", std::move(top)}});
}

std::string answer_json(const runtime::Answer& answer, bool pending) {
  json::array paths;
  for (const std::string& path : answer.paths) paths.push_back(text_value(path));
  return json::serialize(
      json::object{{"outcome", pending ? json::string_view("accepted") : view(name_of(answer.outcome))},
                   {"message", text_value(answer.message)},
                   {"paths", std::move(paths)}});
}

std::string session_json(const Rights& rights) {
  const auto scope_object = [&](Role role) {
    const auto where = rights.where(role);
    json::array subtrees;
    if (where) {
      for (const std::string& path : where->subtrees()) subtrees.push_back(text_value(path));
    }
    return json::object{{"everything", where && where->is_everything()}, {"subtrees", std::move(subtrees)}};
  };
  const Role highest = rights.highest().value_or(Role::read);
  json::object session{{"role", view(name_of(highest))}, {"write", highest != Role::read}};
  for (auto& [name, value] : scope_object(Role::read)) session[name] = std::move(value);
  session["operates"] = scope_object(Role::operate);
  return json::serialize(session);
}

std::string problem_json(unsigned status, std::string_view code, std::string_view detail,
                         const std::vector<std::string>& paths) {
  std::string title{code};
  std::ranges::replace(title, '_', ' ');
  json::object problem{{"type", "urn:simplevisor:" + std::string(code)}, {"title", std::move(title)}};
  if (status != 0) problem["status"] = status;
  problem["detail"] = text_value(detail);
  problem["code"] = view(code);
  if (!paths.empty()) {
    json::array& array = problem["paths"].emplace_array();
    for (const std::string& path : paths) array.push_back(text_value(path));
  }
  return json::serialize(problem);
}

std::string order_body(const OrderBody& order) {
  json::object object{{"pattern", text_value(order.pattern)}};
  if (!order.reason.empty()) object["reason"] = text_value(order.reason);
  if (order.limit) object["for_ms"] = order.limit->count();
  if (!order.signal.empty()) object["signal"] = text_value(order.signal);
  return json::serialize(object);
}

std::expected<runtime::ServiceInfo, std::string> parse_info(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return std::unexpected(object.error());
  Members members(*object, "info");
  runtime::ServiceInfo info;
  members.text("name", info.name);
  members.text("version", info.version);
  members.text("state_dir", info.state_dir);
  members.number("pid", info.pid);
  members.time("uptime_ms", info.uptime);
  members.text("phase", info.phase);
  if (!members.complaint().empty()) return std::unexpected(members.complaint());
  return info;
}

std::expected<std::vector<NodeStatus>, std::string> parse_nodes(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return std::unexpected(object.error());
  const json::value* top = object->if_contains("nodes");
  if (top == nullptr || !top->is_array()) return std::unexpected(std::string("\"nodes\" is not an array"));
  std::vector<NodeStatus> rows;
  rows.reserve(top->get_array().size());
  struct Position {
    const json::array* siblings;
    std::size_t next;
  };
  std::vector<Position> open{{&top->get_array(), 0}};
  while (!open.empty()) {
    if (open.back().next == open.back().siblings->size()) {
      open.pop_back();
      continue;
    }
    const json::value& value = (*open.back().siblings)[open.back().next++];
    auto node = parse_node(value, rows.size());
    if (!node) return std::unexpected(node.error());
    rows.push_back(*std::move(node));
    const json::value* children = value.get_object().if_contains("children");
    if (children != nullptr && children->is_array()) open.push_back({&children->get_array(), 0});
  }
  return rows;
}

std::expected<runtime::Answer, std::string> parse_answer(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return std::unexpected(object.error());
  Members members(*object, "answer");
  runtime::Answer answer;
  members.text("message", answer.message);
  if (const json::value* paths = object->if_contains("paths"); paths != nullptr && paths->is_array()) {
    for (const json::value& path : paths->get_array()) {
      if (!path.is_string())
        return std::unexpected(std::string("answer: \"paths\" is not a list of strings"));
      answer.paths.emplace_back(view(path.get_string()));
    }
  }
  if (!members.complaint().empty()) return std::unexpected(members.complaint());
  return answer;
}

std::expected<Problem, std::string> parse_problem(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return std::unexpected(object.error());
  Members members(*object, "problem");
  Problem parsed;
  members.text("code", parsed.code);
  members.text("detail", parsed.detail);
  if (!members.complaint().empty()) return std::unexpected(members.complaint());
  return parsed;
}

std::expected<OrderBody, std::string> parse_order_body(std::string_view text,
                                                       std::span<const std::string_view> allowed) {
  const auto object = parse_object(text);
  if (!object) return std::unexpected("the body is " + object.error());
  for (const auto& member : *object) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::ranges::find(allowed, name) == allowed.end()) {
      return std::unexpected(fmt::format("unknown member \"{}\" in the body; it takes \"{}\"", name,
                                         fmt::join(allowed, "\", \"")));
    }
  }
  Members members(*object, "the body");
  OrderBody order;
  std::int64_t limit = 0;
  members.text("pattern", order.pattern);
  members.text("reason", order.reason);
  members.number("for_ms", limit);
  members.text("signal", order.signal);
  if (!members.complaint().empty()) return std::unexpected(members.complaint());
  if (order.pattern.empty())
    return std::unexpected(
        std::string(object->contains("pattern") ? "\"pattern\" is empty" : "the body has no \"pattern\""));
  if (order.reason.size() > reason_bytes_max)
    return std::unexpected(fmt::format("\"reason\" has more than {} bytes", reason_bytes_max));
  if (object->contains("for_ms")) {
    if (limit <= 0 || limit > limit_ms_max)
      return std::unexpected(fmt::format("\"for_ms\" is not from 1 to {}", limit_ms_max));
    order.limit = milliseconds{limit};
  }
  return order;
}

}  // namespace simplevisor::control
