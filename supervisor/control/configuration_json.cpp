#include "supervisor/control/configuration_json.hpp"

#include <sys/resource.h>
#include <boost/json.hpp>

#include "supervisor/config/describe.hpp"
#include "supervisor/process/exit_status.hpp"
#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;

// What a configuration file holds need not be UTF-8 where it names files.
json::string text(std::string_view given) {
  return json::string(runtime::clean_utf8(given));
}

json::array texts(const std::vector<std::string>& given) {
  json::array array;
  for (const std::string& each : given) array.push_back(text(each));
  return array;
}

json::value shutdown_value(const core::Shutdown& shutdown) {
  switch (shutdown.kind) {
    case core::Shutdown::Kind::brutal_kill:
      return "brutal_kill";
    case core::Shutdown::Kind::infinity:
      return "infinity";
    case core::Shutdown::Kind::timed:
      break;
  }
  return shutdown.grace.count();
}

std::string_view name_of(core::AutoShutdown value) {
  switch (value) {
    case core::AutoShutdown::never:
      return "never";
    case core::AutoShutdown::any_significant:
      return "any_significant";
    case core::AutoShutdown::all_significant:
      return "all_significant";
  }
  return {};
}

std::string_view name_of(config::Readiness::Kind kind) {
  switch (kind) {
    case config::Readiness::Kind::exec:
      return "exec";
    case config::Readiness::Kind::notify:
      return "notify";
    case config::Readiness::Kind::fd:
      return "fd";
    case config::Readiness::Kind::after:
      return "after";
  }
  return {};
}

json::value output_value(const config::Output& output) {
  switch (output.kind) {
    case config::Output::Kind::capture:
      return "capture";
    case config::Output::Kind::inherit:
      return "inherit";
    case config::Output::Kind::null:
      return "null";
    case config::Output::Kind::file:
      return json::object{{"file", text(output.path)}};
  }
  return {};
}

json::array names_in(const std::string& with_json) {
  json::array names;
  boost::system::error_code error;
  const json::value with = json::parse(with_json.empty() ? "{}" : with_json, error);
  if (error || !with.is_object()) return names;
  for (const auto& member : with.get_object()) names.push_back(json::string(member.key()));
  return names;
}

class Writer {
 public:
  explicit Writer(const config::Configuration& configuration) : configuration_(configuration) {}

  // Depth is bounded by the loader.
  json::object node(const core::ChildSpec& child) const {
    json::object object{{"name", child.name},
                        {"restart", json::string_view(config::name_of(child.restart))},
                        {"shutdown", shutdown_value(child.shutdown)},
                        {"significant", child.significant}};
    if (!child.supervisor) {
      object["type"] = "worker";
      add_program(object, child);
      return object;
    }
    const core::SupervisorSpec& spec = *child.supervisor;
    const bool pool = spec.strategy == core::Strategy::simple_one_for_one;
    object["type"] = pool ? "pool" : "supervisor";
    object["strategy"] = json::string_view(config::name_of(spec.strategy));
    object["intensity"] = spec.intensity;
    object["period_ms"] = spec.period.count();
    object["auto_shutdown"] = json::string_view(name_of(spec.auto_shutdown));
    object["on_exhausted"] = spec.on_exhausted == core::OnExhausted::escalate ? "escalate" : "cool_down";
    object["cool_down_ms"] = spec.cool_down.count();
    object["ordered"] = spec.ordered;
    object["max_concurrent"] = spec.max_concurrent;
    if (pool) {
      object["size"] = spec.initial_instances;
      add_program(object, *spec.children.front());
      return object;
    }
    json::array children;
    for (const auto& each : spec.children) children.push_back(node(*each));
    object["children"] = std::move(children);
    return object;
  }

 private:
  void add_program(json::object& object, const core::ChildSpec& child) const {
    const config::Program& program = *configuration_.programs[child.program];
    const config::Setup& setup = *program.setup;
    object["backoff_initial_ms"] = child.backoff.initial.count();
    object["backoff_max_ms"] = child.backoff.max.count();
    object["command"] = texts(program.command);
    object["with"] = names_in(program.with_json);
    json::array environment;
    for (const auto& [name, value] : setup.env) environment.push_back(text(name));
    object["env"] = std::move(environment);
    object["env_file"] = text(setup.env_file);
    object["cwd"] = text(setup.cwd);
    object["user"] = text(setup.user);
    object["group"] = text(setup.group);
    object["kind"] = text(setup.kind);
    object["stop_signal"] = process::signal_name(setup.stop_signal);
    object["stdout"] = output_value(setup.stdout_to);
    object["stderr"] = output_value(setup.stderr_to);
    object["ready"] = json::string_view(name_of(setup.ready.kind));
    object["start_timeout_ms"] = setup.start_timeout.count();
    object["watchdog_ms"] = setup.watchdog.count();
    if (program.where.file)
      object["where"] = text(*program.where.file + ":" + std::to_string(program.where.line));
  }

  const config::Configuration& configuration_;
};

}  // namespace

std::string configuration_json(const config::Configuration& configuration) {
  return json::serialize(json::object{{"name", text(configuration.settings.name)},
                                      {"state_dir", text(configuration.settings.state_dir)},
                                      {"files", texts(configuration.files)},
                                      {"root", Writer(configuration).node(*configuration.root)}});
}

}  // namespace simplevisor::control
