// supervisor/control/json.hpp
//
// The JSON of the control API, both ways, so that server and client cannot drift apart.
//
// Times      integers, milliseconds, in members that end in `_ms`; null where runtime::NodeStatus has "none".
// Text       bytes that are not UTF-8 (a worker may say anything of itself) become U+FFFD.
// Bounds     input is parsed to a depth of 1,024; its size is bounded by who reads it.
// Threads    pure functions.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/control/access.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

std::string info_json(const runtime::ServiceInfo& info);
std::string node_json(const runtime::NodeStatus& row);
std::string status_json(const std::vector<runtime::NodeStatus>& rows);  // {"nodes":[...]}, in tree order
std::string check_json(const std::vector<runtime::NodeStatus>& rows);   // {"verdict":"...","nodes":[...]}
std::string tree_json(const std::vector<runtime::NodeStatus>& rows);    // {"nodes":[{...,"children":[...]}]}
std::string answer_json(const runtime::Answer& answer, bool pending);   // {"outcome","message","paths"}
// {"role","write","everything","subtrees"}: what the one who asks may do.
std::string session_json(const Rights& rights);
// RFC 9457, with our `code` beside it: {"type","title","status","detail","code","paths"}. Without an HTTP status: 0.
std::string problem_json(unsigned status, std::string_view code, std::string_view detail,
                         const std::vector<std::string>& paths = {});

// The worst verdict of all rows; `good` for none.
runtime::Verdict worst(const std::vector<runtime::NodeStatus>& rows);

std::string_view name_of(runtime::NodeType type);
std::string_view name_of(runtime::Verdict verdict);
std::string_view name_of(runtime::Outcome outcome);

struct Problem {
  std::string code;
  std::string detail;
};

// The other way. The error says which part of the text is not what was expected.
std::expected<runtime::ServiceInfo, std::string> parse_info(std::string_view text);
std::expected<std::vector<runtime::NodeStatus>, std::string> parse_nodes(
    std::string_view text);  // status, check, tree
std::expected<runtime::Answer, std::string> parse_answer(std::string_view text);
std::expected<Problem, std::string> parse_problem(std::string_view text);
// {"pattern":"...",...}: the body of start, stop, restart and signal. Members that are not `allowed` are mistakes.
struct OrderBody {
  std::string pattern{};
  std::string reason{};                              // of stop
  std::optional<std::chrono::milliseconds> limit{};  // of stop: "for_ms"
  std::string signal{};                              // of signal: "HUP", "SIGHUP", "1"
};
std::expected<OrderBody, std::string> parse_order_body(std::string_view text,
                                                       std::span<const std::string_view> allowed);
std::string order_body(const OrderBody& order);

}  // namespace simplevisor::control
