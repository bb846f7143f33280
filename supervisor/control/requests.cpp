// From the request to the call: routes, parameters, bodies, and who may do it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "supervisor/control/json.hpp"
#include "supervisor/control/routes.hpp"
#include "supervisor/control/text.hpp"
#include "supervisor/process/exit_status.hpp"

namespace simplevisor::control {
namespace {

constexpr auto table = std::to_array<Route>({{"GET", "/v1/info", Verb::info},
                                             {"GET", "/v1/status", Verb::status},
                                             {"GET", "/v1/check", Verb::check},
                                             {"GET", "/v1/tree", Verb::tree},
                                             {"GET", "/v1/history", Verb::history},
                                             {"GET", "/v1/why", Verb::why},
                                             {"GET", "/v1/events", Verb::events},
                                             {"GET", "/v1/flow", Verb::flow},
                                             {"GET", "/v1/session", Verb::session},
                                             {"GET", "/v1/configuration", Verb::configuration},
                                             {"GET", "/v1/logs", Verb::logs},
                                             {"GET", "/metrics", Verb::metrics},
                                             {"GET", "/healthz", Verb::healthz},
                                             {"GET", "/readyz", Verb::readyz},
                                             {"POST", "/v1/start", Verb::start},
                                             {"POST", "/v1/stop", Verb::stop},
                                             {"POST", "/v1/restart", Verb::restart},
                                             {"POST", "/v1/signal", Verb::signal},
                                             {"POST", "/v1/shutdown", Verb::shutdown}});

Role role_for(Verb verb) {
  switch (verb) {
    case Verb::info:
    case Verb::status:
    case Verb::check:
    case Verb::tree:
    case Verb::history:
    case Verb::why:
    case Verb::events:
    case Verb::flow:
    case Verb::logs:
    case Verb::metrics:
    case Verb::session:
    case Verb::healthz:
    case Verb::readyz:
      return Role::read;
    case Verb::start:
    case Verb::stop:
    case Verb::restart:
    case Verb::signal:
      return Role::operate;
    case Verb::configuration:
    case Verb::shutdown:
      return Role::admin;
  }
  return Role::admin;
}

// What cannot be told of a part of the tree alone.
bool is_about_everything(Verb verb) {
  return verb == Verb::metrics;
}

bool is_about_one_node(Verb verb) {
  return verb == Verb::history || verb == Verb::why;
}
bool takes_pattern_in_query(Verb verb) {
  return verb == Verb::status || verb == Verb::check || verb == Verb::tree || verb == Verb::logs ||
         is_about_one_node(verb);
}
bool takes_pattern_in_body(Verb verb) {
  return verb == Verb::start || verb == Verb::stop || verb == Verb::restart || verb == Verb::signal;
}
bool takes_wait(Verb verb) {
  return (takes_pattern_in_body(verb) && verb != Verb::signal) || verb == Verb::shutdown;
}

std::span<const std::string_view> members_of(Verb verb) {
  static constexpr std::array<std::string_view, 1> plain{"pattern"};
  static constexpr std::array<std::string_view, 3> of_stop{"pattern", "reason", "for_ms"};
  static constexpr std::array<std::string_view, 2> of_signal{"pattern", "signal"};
  if (verb == Verb::stop) return of_stop;
  if (verb == Verb::signal) return of_signal;
  return plain;
}

std::vector<const std::string*> patterns_of(const Call& call) {
  std::vector<const std::string*> patterns{&call.pattern};
  for (const std::string& pattern : call.more_patterns) patterns.push_back(&pattern);
  return patterns;
}

std::unexpected<Reply> bad_request(std::string_view message) {
  return std::unexpected(refusal(400, "bad_request", message));
}

std::expected<Route, Reply> find_route(std::string_view method, std::string_view path) {
  std::string allow;
  for (const Route& route : table) {
    if (route.path != path) continue;
    if (route.method == method) return route;
    if (!allow.empty()) allow += ", ";
    allow += route.method;
  }
  if (allow.empty())
    return std::unexpected(refusal(404, "no_such_route", fmt::format("there is no {}", clean_utf8(path))));
  Reply reply = refusal(405, "wrong_method", fmt::format("{} takes {}", path, allow));
  reply.fields = fmt::format("Allow: {}\r\n", allow);
  return std::unexpected(std::move(reply));
}

// One parameter of the query into the call.
std::optional<Reply> take_parameter(std::string_view parameter, Call& call, bool& pattern_seen) {
  const std::size_t equals = parameter.find('=');
  const std::string_view name = parameter.substr(0, equals);
  const auto value = percent_decoded(equals == std::string_view::npos ? "" : parameter.substr(equals + 1));
  if (!value)
    return refusal(400, "bad_request", "a % in the query is not followed by two hexadecimal digits");
  if (name == "pattern" && takes_pattern_in_query(call.verb)) {
    const bool again = std::exchange(pattern_seen, true);
    if (again && call.verb != Verb::logs)
      return refusal(400, "bad_request", "the query gives \"pattern\" more than once");
    if (again)
      call.more_patterns.push_back(*value);
    else
      call.pattern = *value;
    return std::nullopt;
  }
  if (name == "wait" && takes_wait(call.verb)) {
    if (*value != "true" && *value != "false")
      return refusal(400, "bad_request", "\"wait\" is true or false");
    call.wait = *value == "true";
    return std::nullopt;
  }
  if ((name == "after" || name == "last") && call.verb == Verb::events) {
    std::uint64_t& number = name == "after" ? call.after : call.last.emplace();
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc{} || end != value->data() + value->size())
      return refusal(
          400, "bad_request",
          name == "after" ? "\"after\" is the number of an event" : "\"last\" is a number of events");
    return std::nullopt;
  }
  if (name == "lines" && call.verb == Verb::logs) {
    std::size_t lines = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), lines);
    if (error != std::errc{} || end != value->data() + value->size() || lines > logs_lines_max)
      return refusal(400, "bad_request", fmt::format("\"lines\" is a number of at most {}", logs_lines_max));
    call.logs.lines = lines;
    return std::nullopt;
  }
  if (name == "since" && call.verb == Verb::logs) {
    const auto since = runtime::logs::parse_since(
        *value, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    if (!since) return refusal(400, "bad_request", fmt::format("\"since\" is {}", since.error()));
    call.logs.since = *since;
    return std::nullopt;
  }
  if (name == "follow" && (call.verb == Verb::events || call.verb == Verb::logs)) {
    if (*value != "true" && *value != "false")
      return refusal(400, "bad_request", "\"follow\" is true or false");
    call.follow = *value == "true";
    return std::nullopt;
  }
  if (name == "format" && call.verb == Verb::metrics) {
    if (*value != "openmetrics" && *value != "text")
      return refusal(400, "bad_request", "\"format\" is openmetrics or text");
    call.format = *value == "text" ? MetricsFormat::text : MetricsFormat::openmetrics;
    return std::nullopt;
  }
  return refusal(400, "bad_request", fmt::format("unknown query parameter \"{}\"", clean_utf8(name)));
}

std::optional<Reply> take_query(std::string_view query, Call& call) {
  bool pattern_seen = false;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (end > 0) {
      if (auto refused = take_parameter(query.substr(0, end), call, pattern_seen)) return refused;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

}  // namespace

std::span<const Route> routes() {
  return table;
}

std::string complaint_about_pattern(std::string_view pattern) {
  if (pattern.size() > pattern_bytes_max) {
    return fmt::format("the pattern has {} bytes; at most {} are allowed", pattern.size(), pattern_bytes_max);
  }
  if (!is_utf8(pattern)) return "the pattern is not UTF-8";
  for (const char c : pattern) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "the pattern has a control character in it";
  }
  if (pattern.starts_with('/') || pattern.ends_with('/') || pattern.contains("//")) {
    return fmt::format("the pattern \"{}\" has an empty part; a path looks like \"root/broker/send\"",
                       pattern);
  }
  return "";
}

Aim aim_of(std::string_view request_target, std::string_view host_field) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!boost::algorithm::istarts_with(request_target, scheme)) continue;
    const std::string_view rest = request_target.substr(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    return {rest.substr(0, end), end == rest.size() ? "/" : rest.substr(end)};
  }
  return {host_field, request_target};
}

std::expected<Call, Reply> parse_request(std::string_view method, std::string_view target,
                                         std::string_view body) {
  const std::size_t question = target.find('?');
  const auto route = find_route(method, target.substr(0, question));
  if (!route) return std::unexpected(route.error());
  Call call{.verb = route->verb, .pattern = "", .wait = true};
  if (question != std::string_view::npos) {
    if (auto refused = take_query(target.substr(question + 1), call))
      return std::unexpected(*std::move(refused));
  }
  if (takes_pattern_in_body(call.verb)) {
    auto order = parse_order_body(body, members_of(call.verb));
    if (!order) return bad_request(order.error());
    call.pattern = std::move(order->pattern);
    call.reason = std::move(order->reason);
    call.limit = order->limit;
    if (call.verb == Verb::signal) {
      if (order->signal.empty()) return bad_request("the body has no \"signal\"");
      const auto number = process::signal_named(order->signal);
      if (!number)
        return bad_request(fmt::format("\"signal\": there is no signal {}", clean_utf8(order->signal)));
      call.number = *number;
    }
  } else if (is_about_one_node(call.verb) && call.pattern.empty()) {
    return bad_request(fmt::format("{} needs the parameter \"pattern\"", route->path));
  } else if (!body.empty() && body != "{}") {
    return bad_request(fmt::format("{} takes no body", route->path));
  }
  for (const std::string* const pattern : patterns_of(call)) {
    if (const std::string complaint = complaint_about_pattern(*pattern); !complaint.empty())
      return bad_request(complaint);
  }
  return call;
}

std::expected<void, Reply> authorise(Call& call, const Rights& rights) {
  const Role needed = role_for(call.verb);
  const auto highest = rights.highest();
  const auto within = rights.where(needed);
  if (!within) {
    return std::unexpected(refusal(403, "not_permitted",
                                   fmt::format("this takes the role \"{}\"; you have {}", name_of(needed),
                                               highest ? fmt::format("\"{}\"", name_of(*highest)) : "none")));
  }
  if (!within->is_everything() && is_about_everything(call.verb))
    return std::unexpected(refusal(403, "not_permitted", "this is for those who may see the whole tree"));
  call.within = *within;
  call.visible = rights.where(Role::read).value_or(*within);
  if (call.verb == Verb::session) call.rights = rights;
  return {};
}

}  // namespace simplevisor::control
