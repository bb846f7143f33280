#include "supervisor/control/worker_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "supervisor/control/text.hpp"

namespace simplevisor::control {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// One worker's `with`.
class Finder {
 public:
  // `instances`: of a pool that start with it.
  Finder(WorkerFiles& found, const config::Program& program, std::size_t instances)
      : found_(found), program_(program), instances_(instances) {
    boost::system::error_code error;
    const json::value value = json::parse(program.with_json, error);
    if (!error && value.is_object()) with_ = value.get_object();
  }

  void find() {
    const std::string name = fs::path(program_.command.front()).filename();
    if (name == "simplevisor-consumer") consumer();
    if (name == "simplevisor-transfer") transfer();
    if (name == "simplevisor-sarra") sarra();
  }

 private:
  void consumer() {
    std::string dead;
    each_text("dead_letter", [&](const std::string& path) { dead = path; });
    each_text("queue", [&](std::string path) {
      if (path.empty()) return;
      use(path, "takes");
      while (path.size() > 1 && path.ends_with('/')) path.pop_back();
      use(dead.empty() ? path + ".dead" : dead, "dead_letters");
    });
    status_file("status_file");
  }
  void transfer() {
    pairs("incoming-queue", "takes");
    pairs("outgoing-queue", "adds");
    status_file("status-file");
  }
  void sarra() {
    each_text("from", [&](const std::string& path) { use(path, "takes"); });
    each_text("path", [&](const std::string& path) { use(path, "adds"); });
    status_file("status-file");
  }

  // {"path":"..."} or "path=... type=...", with the percent code of URLs.
  void pairs(std::string_view key, std::string_view role) {
    const json::value* const value = with_.if_contains(key);
    if (value && value->is_object()) {
      const json::value* const path = value->get_object().if_contains("path");
      if (path && path->is_string()) use(std::string(path->get_string()), role);
      return;
    }
    each_text(key, [&](std::string_view text) {
      constexpr std::string_view separators = " \t\r\n,";
      while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find_first_of(separators));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (!pair.starts_with("path=")) continue;
        if (const auto path = percent_decoded(pair.substr(5))) use(*path, role);
      }
    });
  }

  void status_file(std::string_view key) {
    each_text(key, [&](const std::string& path) {
      if (std::exchange(has_status_file_, true)) return;
      if (!program_.pool || !path.contains(placeholder))
        return add_status_file(numbered(path, 0), program_.path);
      for (std::size_t n = 1; n <= std::min(instances_, WorkerSurvey::files_max); ++n)
        add_status_file(numbered(path, n), fmt::format("{}/{}", program_.path, n));
    });
  }
  void add_status_file(const std::string& path, std::string node) {
    if (found_.status_files.size() < WorkerSurvey::files_max)
      found_.status_files.push_back({absolute(path), std::move(node)});
  }
  // As the worker itself does it.
  static std::string numbered(std::string path, std::size_t instance) {
    const std::string number = std::to_string(instance);
    for (std::size_t at = 0; (at = path.find(placeholder, at)) != std::string::npos; at += number.size())
      path.replace(at, placeholder.size(), number);
    return path;
  }

  // A setting is one text, or several.
  template <class F>
  void each_text(std::string_view key, F what) {
    const json::value* const value = with_.if_contains(key);
    if (!value) return;
    if (value->is_string()) return what(std::string(value->get_string()));
    if (!value->is_array()) return;
    for (const json::value& one : value->get_array()) {
      if (one.is_string()) what(std::string(one.get_string()));
    }
  }

  std::string absolute(const std::string& path) const {
    std::error_code ignored;
    const fs::path base =
        program_.setup->cwd.empty() ? fs::current_path(ignored) : fs::path(program_.setup->cwd);
    std::string normal = (base / path).lexically_normal();
    while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
    return normal;
  }
  void use(const std::string& path, std::string_view role) {
    if (path.empty() || path.contains('\0')) return;
    found_.uses.push_back({absolute(path), program_.path, role});
  }

  static constexpr std::string_view placeholder = "{instance}";

  WorkerFiles& found_;
  const config::Program& program_;
  std::size_t instances_;
  bool has_status_file_ = false;
  json::object with_;
};

// How many instances each program starts with, by its index.
void count_instances(const core::ChildSpec& node, std::vector<std::size_t>& instances) {
  if (!node.supervisor) return;
  for (const auto& child : node.supervisor->children) {
    if (!child->supervisor && child->program < instances.size())
      instances[child->program] = node.supervisor->initial_instances;
    count_instances(*child, instances);
  }
}

}  // namespace

WorkerFiles find_worker_files(const config::Configuration& configuration) {
  WorkerFiles found;
  std::vector<std::size_t> instances(configuration.programs.size());
  if (configuration.root) count_instances(*configuration.root, instances);
  for (std::size_t n = 0; n < instances.size(); ++n) {
    const config::Program& program = *configuration.programs[n];
    if (!program.with_json.empty() && !program.command.empty()) Finder(found, program, instances[n]).find();
  }
  std::ranges::sort(found.uses);
  const auto doubles = std::ranges::unique(found.uses);
  found.uses.erase(doubles.begin(), doubles.end());
  return found;
}

WorkerSurvey::WorkerSurvey(const config::Configuration* configuration) {
  if (configuration) files_ = find_worker_files(*configuration);
  for (const WorkerFiles::Use& use : files_.uses) {
    if (figures_.queues.size() == queues_max) break;
    if (figures_.queues.empty() || figures_.queues.back().path != use.queue)
      figures_.queues.push_back({.path = use.queue});
  }
}

const WorkerSurvey::Figures& WorkerSurvey::figures(std::chrono::steady_clock::time_point now) {
  if (taken_ && now - *taken_ < kept) return figures_;
  taken_ = now;
  const auto end = std::chrono::steady_clock::now() + budget;
  const auto go_on = [end] { return std::chrono::steady_clock::now() < end; };
  figures_.counters.clear();
  for (const WorkerFiles::StatusFile& file : files_.status_files) {
    if (!go_on()) break;
    std::ranges::move(read_status_file(file), std::back_inserter(figures_.counters));
  }
  // Each survey begins where the last one was cut short, so that every queue has its turn.
  auto& queues = figures_.queues;
  for (std::size_t n = 0; n < queues.size() && go_on(); ++n) {
    QueueFigures& queue = queues[next_queue_];
    queue = count_queue(queue.path, go_on);
    next_queue_ = (next_queue_ + 1) % queues.size();
  }
  return figures_;
}

}  // namespace simplevisor::control
