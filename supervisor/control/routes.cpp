#include "supervisor/control/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "supervisor/control/configuration_json.hpp"
#include "supervisor/control/json.hpp"

namespace simplevisor::control {
namespace {

namespace journal = runtime::journal;

// How long an answer waits for what has just happened to be known; then it goes without.
constexpr std::chrono::milliseconds freshness{50};
constexpr std::size_t events_bytes_max = std::size_t{1} << 20;  // in one answer

unsigned http_status(runtime::Outcome outcome) {
  switch (outcome) {
    case runtime::Outcome::done:
      return 200;
    case runtime::Outcome::failed:
      return 500;
    case runtime::Outcome::not_permitted:
      return 403;
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
                             .within = call.within,
                             .visible = call.visible};
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
  if (call.verb == Verb::session) return {200, session_json(call.rights)};
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
