#include "supervisor/control/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "supervisor/control/configuration_json.hpp"
#include "supervisor/control/json.hpp"
#include "supervisor/control/text.hpp"
#include "supervisor/process/exit_status.hpp"

namespace simplevisor::control {
namespace {

namespace journal = runtime::journal;

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

// How long an answer waits for what has just happened to be known; then it goes without.
constexpr std::chrono::milliseconds freshness{50};
constexpr std::size_t events_bytes_max = std::size_t{1} << 20;  // in one answer

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

unsigned http_status(runtime::Outcome outcome) {
  switch (outcome) {
    case runtime::Outcome::done:
      return 200;
    case runtime::Outcome::failed:
      return 500;
    case runtime::Outcome::no_such_node:
      return 404;
    case runtime::Outcome::ambiguous:
    case runtime::Outcome::refused:
      return 409;
  }
  return 500;
}

constexpr std::string_view problem_type = "application/problem+json";

Reply unsuccessful(const runtime::Answer& answer) {
  const unsigned status = http_status(answer.outcome);
  return {status, problem_json(status, name_of(answer.outcome), answer.message, answer.paths), "",
          problem_type};
}

Reply render_nodes(Verb verb, const Nodes& nodes) {
  if (nodes.answer.outcome != runtime::Outcome::done) return unsuccessful(nodes.answer);
  if (verb == Verb::check) return {200, check_json(nodes.rows), ""};
  if (verb == Verb::tree) return {200, tree_json(nodes.rows), ""};
  return {200, status_json(nodes.rows), ""};
}

Reply render_acted(const Acted& acted) {
  if (acted.pending) return {202, answer_json(acted.answer, true), ""};
  if (acted.answer.outcome != runtime::Outcome::done) return unsuccessful(acted.answer);
  return {200, answer_json(acted.answer, false), ""};
}

void act(runtime::Service& service, const Call& call, runtime::Done done) {
  const runtime::Order order{.pattern = call.pattern,
                             .by = call.by,
                             .reason = call.reason,
                             .limit = call.limit,
                             .within = call.within};
  switch (call.verb) {
    case Verb::start:
      return service.start(order, std::move(done));
    case Verb::stop:
      return service.stop(order, std::move(done));
    case Verb::restart:
      return service.restart(order, std::move(done));
    case Verb::signal:
      return service.signal(order, call.number, std::move(done));
    case Verb::shutdown:
      return service.shut_down(std::move(done));
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
    case Verb::configuration:
    case Verb::healthz:
    case Verb::readyz:
      break;
  }
}

// The nodes that any of the patterns of a call stands for, each once.
Nodes find_nodes(runtime::Service& service, const Call& call) {
  Nodes nodes;
  nodes.rows = service.status(call.pattern, call.within, nodes.answer);
  for (const std::string& pattern : call.more_patterns) {
    if (nodes.answer.outcome != runtime::Outcome::done) return nodes;
    for (runtime::NodeStatus& row : service.status(pattern, call.within, nodes.answer)) {
      if (std::ranges::find(nodes.rows, row.path, &runtime::NodeStatus::path) == nodes.rows.end())
        nodes.rows.push_back(std::move(row));
    }
  }
  return nodes;
}

// The node a pattern stands for, with those above it.
Found find_one(runtime::Service& service, const std::string& pattern, const runtime::Scope& within) {
  Found found;
  const auto subtree = service.status(pattern, within, found.answer);
  if (found.answer.outcome != runtime::Outcome::done) return found;
  const std::string& path = subtree.front().path;
  const auto second = std::ranges::find_if(
      subtree, [&](const runtime::NodeStatus& row) { return !runtime::is_within(row.path, path); });
  if (second != subtree.end()) {
    found.answer = {runtime::Outcome::ambiguous,
                    fmt::format("{} stands for more than one node", pattern),
                    {path, second->path}};
    return found;
  }
  runtime::Answer ignored;
  for (runtime::NodeStatus& row : service.status("", within, ignored)) {
    if (runtime::is_within(path, row.path)) found.lineage.rows.push_back(std::move(row));
  }
  if (found.lineage.rows.empty())
    found.answer = {runtime::Outcome::no_such_node, fmt::format("no such node: {}", pattern), {}};
  return found;
}

Reply render_found(Verb verb, const Found& found, const runtime::Service& service) {
  if (found.answer.outcome != runtime::Outcome::done) return unsuccessful(found.answer);
  const runtime::journal::Recorder* const recorder = service.journal();
  if (recorder) recorder->sync(freshness);
  const runtime::NodeStatus& node = found.lineage.rows.back();
  if (verb == Verb::history) return {200, history_json(node.path, recorder), ""};
  Lineage lineage = found.lineage;
  if (node.type == runtime::NodeType::worker) lineage.log_path = service.log_path(node.path);
  return {200, why_json(lineage, recorder), ""};
}

Reply render_events(const Call& call, const runtime::Service& service) {
  const runtime::journal::Recorder* const recorder = service.journal();
  if (!recorder) return {200, events_json({}), ""};
  recorder->sync(freshness);
  journal::Chunk chunk = recorder->after(begin_of(call, *recorder), events_bytes_max);
  std::erase_if(chunk.lines, [&](const std::string& line) { return !concerns(line, call.within); });
  return {200, events_json(chunk), ""};
}

Health readiness(runtime::Service& service, const runtime::Scope& within) {
  Health health{.phase = service.info().phase};
  runtime::Answer ignored;
  for (const runtime::NodeStatus& row : service.status("", within, ignored)) {
    if (row.type != runtime::NodeType::worker) continue;
    health.ready += row.ready;
    health.wanted += row.wanted;
  }
  return health;
}

// That it was found at all says that the supervision loop turns.
Reply render_health(Verb verb, const Health& health) {
  if (verb == Verb::healthz) return {200, R"({"status":"ok"})"};
  if (health.phase == "running" && health.ready >= health.wanted) return {200, R"({"status":"ready"})"};
  return refusal(503, "not_ready",
                 fmt::format("the supervisor is {}; {} of {} workers are ready", health.phase, health.ready,
                             health.wanted));
}

Reply render_configuration(const runtime::Service& service) {
  const config::Configuration* const configuration = service.configuration();
  if (!configuration)
    return refusal(404, "no_configuration", "this supervisor was not made from a configuration");
  return {200, configuration_json(*configuration)};
}

Reply render_flow(const Call& call, const runtime::Service& service, MetricsSource* kept) {
  std::optional<MetricsSource> own;
  MetricsSource& source = kept ? *kept : own.emplace(service);
  return {200, source.flow([&](std::string_view node) { return call.within.covers(node); }), ""};
}

// The workers whose logs are meant.
std::expected<std::vector<std::string>, Reply> workers_in(const Finding& finding) {
  const Nodes& nodes = std::get<Nodes>(finding);
  if (nodes.answer.outcome != runtime::Outcome::done) return std::unexpected(unsuccessful(nodes.answer));
  auto workers = workers_of(nodes.rows);
  if (workers.size() > logs_workers_max)
    return std::unexpected(refusal(
        400, "too_many",
        fmt::format("these are {} workers; at most {} are read together", workers.size(), logs_workers_max)));
  return workers;
}

Reply render_logs(const Call& call, const Finding& finding, const runtime::Service& service) {
  const auto workers = workers_in(finding);
  return workers ? Reply{200, logs_json(*workers, call.logs, service), ""} : workers.error();
}

Reply render_metrics(const Call& call, const runtime::Measures& measures, const runtime::Service& service,
                     MetricsSource* kept) {
  std::optional<MetricsSource> own;
  MetricsSource& source = kept ? *kept : own.emplace(service);
  return {200, source.text(measures, call.format), "", content_type_of(call.format)};
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
  call.highest = *highest;
  return {};
}

void carry_out(runtime::Service& service, const Call& call, std::function<void(Finding)> found) {
  switch (call.verb) {
    case Verb::info:
      return found(service.info());
    case Verb::status:
    case Verb::check:
    case Verb::tree:
    case Verb::logs:
      return found(find_nodes(service, call));
    case Verb::history:
    case Verb::why:
      return found(find_one(service, call.pattern, call.within));
    case Verb::events:
    case Verb::flow:
    case Verb::session:
    case Verb::configuration:
      return found(Acted{});
    case Verb::healthz:
      return found(Health{.phase = service.info().phase});
    case Verb::readyz:
      return found(readiness(service, call.within));
    case Verb::metrics:
      return found(service.measures(call.asked));
    case Verb::start:
    case Verb::stop:
    case Verb::restart:
    case Verb::signal:
    case Verb::shutdown:
      break;
  }
  if (call.wait) {
    return act(service, call,
               [found = std::move(found)](runtime::Answer answer) { found(Acted{std::move(answer)}); });
  }
  // What can be answered at once (a node that does not exist) is; only what takes time is left to itself.
  auto at_once = std::make_shared<std::optional<runtime::Answer>>();
  act(service, call, [at_once](runtime::Answer answer) { *at_once = std::move(answer); });
  if (*at_once) return found(Acted{**at_once});
  found(Acted{.answer = {}, .pending = true});
}

Reply render(const Call& call, const Finding& finding, const runtime::Service& service,
             MetricsSource* metrics) {
  if (call.verb == Verb::events) return render_events(call, service);
  if (call.verb == Verb::flow) return render_flow(call, service, metrics);
  if (call.verb == Verb::session) return {200, session_json(call.highest, call.within)};
  if (call.verb == Verb::configuration) return render_configuration(service);
  if (const auto* health = std::get_if<Health>(&finding)) return render_health(call.verb, *health);
  if (call.verb == Verb::logs) return render_logs(call, finding, service);
  if (const auto* measures = std::get_if<runtime::Measures>(&finding))
    return render_metrics(call, *measures, service, metrics);
  if (const auto* one = std::get_if<Found>(&finding)) return render_found(call.verb, *one, service);
  if (const auto* info = std::get_if<runtime::ServiceInfo>(&finding)) return {200, info_json(*info), ""};
  if (const auto* nodes = std::get_if<Nodes>(&finding)) return render_nodes(call.verb, *nodes);
  return render_acted(std::get<Acted>(finding));
}

std::uint64_t begin_of(const Call& call, const journal::Recorder& recorder) {
  if (!call.last) return call.after;
  const journal::EventId newest = recorder.last();
  return std::max<std::uint64_t>(call.after, newest - std::min<std::uint64_t>(newest, *call.last));
}

std::expected<std::unique_ptr<Feed>, Reply> follow(const Call& call, const Finding& finding,
                                                   const runtime::Service& service) {
  const auto workers = workers_in(finding);
  if (!workers) return std::unexpected(workers.error());
  return follow_logs(*workers, call.logs, service);
}

Reply refusal(unsigned status, std::string_view code, std::string_view message) {
  return {status, problem_json(status, code, message), "", problem_type};
}

}  // namespace simplevisor::control
