#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/text_table.hpp"
#include "supervisor/config/load.hpp"
#include "supervisor/config/units.hpp"
#include "supervisor/core/rehearsal.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
using core::Rehearsal;
using core::RehearsedStep;

void gather_workers(const core::ChildSpec& spec, const std::string& above, std::vector<std::string>& paths) {
  const std::string path = above.empty() ? spec.name : above + "/" + spec.name;
  if (!spec.supervisor) {
    paths.push_back(path);
    return;
  }
  const bool pool = spec.supervisor->strategy == core::Strategy::simple_one_for_one;
  for (std::size_t n = 1; pool && n <= spec.supervisor->initial_instances; ++n)
    paths.push_back(fmt::format("{}/{}", path, n));
  for (const auto& child : spec.supervisor->children) {
    if (!pool) gather_workers(*child, path, paths);
  }
}

// The one worker that a whole path or the end of one stands for.
std::expected<std::string, Failure> worker_named(const core::ChildSpec& root, const std::string& name) {
  std::vector<std::string> all;
  gather_workers(root, "", all);
  std::vector<std::string> found;
  for (const std::string& path : all) {
    if (path == name) return path;
    if (path.ends_with("/" + name)) found.push_back(path);
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    return std::unexpected(
        Failure{Exit::no_such_node, "no_such_node", fmt::format("no such worker: {}", name)});
  return std::unexpected(
      Failure{Exit::no_such_node, "ambiguous", fmt::format("{} may mean: {}", name, fmt::join(found, " "))});
}

struct Decision {
  core::Report::Kind kind;
  std::string_view word;      // for programs; the kinds of events have the same
  std::string_view sentence;  // between the supervisor and the child, if it is about one
  bool about_child;
};

const Decision& decided(core::Report::Kind kind) {
  using Kind = core::Report::Kind;
  static constexpr std::array<Decision, 8> decisions{{
      {Kind::supervisor_started, "supervisor_started", "has started", false},
      {Kind::supervisor_start_failed, "supervisor_start_failed", "could not start, because of", true},
      {Kind::supervisor_stopped, "supervisor_stopped", "has stopped", false},
      {Kind::gave_up, "gave_up", "gives up, its restarts are used up by", true},
      {Kind::cooling_down, "cooling_down", "has used up its restarts, and will later try again", true},
      {Kind::restarting, "restarting", "restarts", true},
      {Kind::retrying, "retrying", "will try again", true},
      {Kind::auto_shutdown, "auto_shutdown", "shuts down, for this was significant:", true},
  }};
  return *std::ranges::find(decisions, kind, &Decision::kind);
}

std::string_view word_of(RehearsedStep::What what) {
  static constexpr std::array<std::string_view, 5> words{"fault", "started", "not_started", "stopped",
                                                         "decision"};
  return words[static_cast<std::size_t>(what)];
}

std::string step_text(const RehearsedStep& step, std::string_view fault) {
  std::string what;
  switch (step.what) {
    case RehearsedStep::What::fault:
      what = fmt::format("{} {}", step.path, fault);
      break;
    case RehearsedStep::What::started:
      what = fmt::format("  {} is started", step.path);
      break;
    case RehearsedStep::What::not_started:
      what = fmt::format("  {} fails to start", step.path);
      break;
    case RehearsedStep::What::stopped:
      what = fmt::format("  {} is stopped", step.path);
      break;
    case RehearsedStep::What::decision:
      what = fmt::format("{} {}", step.path, decided(*step.decision).sentence);
      if (decided(*step.decision).about_child) what += " " + step.about;
      break;
  }
  return fmt::format("{:>8}  {}\n", age_text(step.at), printable(what));
}

std::string conclusion(const core::Rehearsed& played, const std::string& path) {
  if (played.cut_short) return fmt::format("cut short after {} steps\n", played.steps.size());
  if (played.tree_ended) return "the whole tree is down, the supervisor ends with exit status 1\n";
  if (!played.runs) return fmt::format("{} does not run any more\n", path);
  return fmt::format("{} runs; its supervisor has used {} of {} restarts\n", path, played.restarts_used,
                     played.restarts_limit);
}

std::string as_json(const core::Rehearsed& played, const std::string& path) {
  json::array steps;
  for (const RehearsedStep& step : played.steps) {
    json::object object{{"at_ms", step.at.count()}, {"what", word_of(step.what)}, {"path", step.path}};
    if (!step.about.empty()) object["about"] = step.about;
    if (step.decision) object["decision"] = decided(*step.decision).word;
    steps.push_back(std::move(object));
  }
  return json::serialize(json::object{{"path", path},
                                      {"steps", std::move(steps)},
                                      {"faults", played.faults},
                                      {"tree_ended", played.tree_ended},
                                      {"runs", played.runs},
                                      {"cut_short", played.cut_short},
                                      {"restarts_used", played.restarts_used},
                                      {"restarts_limit", played.restarts_limit}});
}

}  // namespace

int what_if(Context& context) {
  const CommandLine& line = context.line;
  const auto failed = [&](const Failure& failure) { return report(failure, context.terminal, line.json); };
  const auto file = find_configuration(line, context.environment);
  if (!file) return failed(file.error());
  const auto configuration = config::load(*file, load_options(context.environment));
  if (!configuration) return failed(failure_of(configuration.error()));
  const auto path = worker_named(*configuration->root, line.path);
  if (!path) return failed(path.error());

  const bool start_fails = line.fault == "fails-to-start";
  const auto played = core::rehearse(
      configuration->root, {.path = *path,
                            .fault = start_fails ? Rehearsal::Fault::fails_to_start : Rehearsal::Fault::dies,
                            .times = line.times.value_or(1),
                            .every = line.every.value_or(std::chrono::seconds{1})});
  if (!played)
    return failed(
        {Exit::no_such_node, "no_such_node", fmt::format("{} does not start with the tree", *path)});
  if (line.json) {
    context.terminal.out << as_json(*played, *path) << '\n' << std::flush;
    return code(Exit::done);
  }
  const std::string_view fault = line.fault == "hangs" ? "hangs, and is ended by its watchdog" : "dies";
  for (const RehearsedStep& step : played->steps) context.terminal.out << step_text(step, fault);
  context.terminal.out << conclusion(*played, *path) << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
