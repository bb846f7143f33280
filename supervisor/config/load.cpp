// supervisor/config/load.cpp
#include "supervisor/config/load.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "supervisor/config/control.hpp"
#include "supervisor/config/declarations.hpp"
#include "supervisor/config/keys.hpp"
#include "supervisor/config/machine.hpp"
#include "supervisor/config/programs.hpp"
#include "supervisor/config/report.hpp"
#include "supervisor/config/sources.hpp"
#include "supervisor/config/tree.hpp"

namespace simplevisor::config {
namespace {

namespace fs = std::filesystem;

std::string variable(const LoadOptions& options, const std::string& name) {
  if (options.environment) {
    const auto found = options.environment->find(name);
    return found == options.environment->end() ? std::string{} : found->second;
  }
  const char* value = ::secure_getenv(name.c_str());
  return value == nullptr ? std::string{} : std::string{value};
}

// By the rules of the file system hierarchy for root, of the XDG base directories for others: there a variable that
// is not absolute does not count.
std::string default_state_dir(const std::string& name, const LoadOptions& options, Report& report) {
  if (options.uid.value_or(::geteuid()) == 0) return "/var/lib/simplevisor/" + name;
  const std::string state = variable(options, "XDG_STATE_HOME");
  if (state.starts_with('/')) return (fs::path{state} / "simplevisor" / name).lexically_normal();
  const std::string home = variable(options, "HOME");
  if (home.starts_with('/')) return (fs::path{home} / ".local/state/simplevisor" / name).lexically_normal();
  report.add({0, 1, 1}, "simplevisor.state_dir", "has no default: neither XDG_STATE_HOME nor HOME is set");
  return "/";
}

std::string bin_dir(const LoadOptions& options) {
  std::error_code ignored;
  return fs::absolute(options.bin_dir, ignored).lexically_normal();
}

Settings settle(const SettingsDraft& draft, const LoadOptions& options, Paths& paths, Report& report) {
  Settings settings;
  if (draft.name.set) settings.name = draft.name.value.text;
  settings.state_dir = draft.state_dir.set ? paths.absolute(draft.state_dir.value, "simplevisor.state_dir")
                                           : default_state_dir(settings.name, options, report);
  settings.prefer_restarts = draft.prefer_restarts.value_or(settings.prefer_restarts);
  LogSettings& log = settings.log;
  if (draft.log_level.set) log.level = log_levels()[static_cast<std::size_t>(draft.log_level.value)].name;
  log.to_stderr = draft.log_stderr.value_or(log.to_stderr);
  if (draft.log_file.set) log.file = paths.absolute(draft.log_file.value, "simplevisor.log.file");
  log.file_max_bytes = draft.log_file_size.value_or(log.file_max_bytes);
  log.file_count = draft.log_file_count.value_or(log.file_count);
  if (draft.log_syslog.set)
    log.syslog = syslog_facilities()[static_cast<std::size_t>(draft.log_syslog.value)].name;
  log.json = draft.log_json.value_or(log.json);
  CaptureSettings& capture = settings.capture;
  capture.max_bytes = draft.capture_size.value_or(capture.max_bytes);
  capture.files = draft.capture_files.value_or(capture.files);
  capture.age = draft.capture_age.value_or(capture.age);
  capture.total_bytes = draft.capture_total.value_or(capture.total_bytes);
  capture.compress = draft.capture_compress.value_or(capture.compress);
  capture.format = draft.capture_format.value_or(capture.format);
  capture.to = draft.capture_to.value_or(capture.to);
  capture.flood_lines = draft.capture_flood_lines.value_or(capture.flood_lines);
  capture.flood_bytes = draft.capture_flood_bytes.value_or(capture.flood_bytes);
  capture.drop = draft.capture_drop.value_or(capture.drop);
  settings.control = settle_control(draft, paths, report);
  return settings;
}

std::vector<std::string> absolute_names(const Sources& sources) {
  std::vector<std::string> all;
  for (const Source& source : sources.files) {
    all.push_back((source.dir / fs::path{source.name}.filename()).string());
  }
  return all;
}

std::expected<Configuration, std::vector<Complaint>> load_files(const fs::path& file,
                                                                const LoadOptions& options) {
  Report report;
  Report warnings;
  Machine machine{warnings};
  Configuration configuration;
  const Sources sources = read_sources(file, options, report);
  const std::vector<std::string> names = sources.names();
  const Declarations declarations = collect(sources, report);
  Paths paths{sources, report};
  configuration.settings = settle(sources.settings, options, paths, report);
  ProgramMaker programs{sources, configuration.settings.state_dir, bin_dir(options), report,
                        options.warnings ? &machine : nullptr};
  BuiltTree tree = build_tree(sources, declarations, programs, report);
  if (tree.root) check_grants(sources.settings, *tree.root, report);
  if (!report.empty()) return std::unexpected(std::move(report).complaints(names));
  configuration.root = std::move(tree.root);
  configuration.programs = std::move(tree.programs);
  configuration.files = absolute_names(sources);
  configuration.warnings = std::move(warnings).complaints(names);
  return configuration;
}

}  // namespace

std::expected<Configuration, std::vector<Complaint>> load(const fs::path& file, const LoadOptions& options) {
  auto loaded = load_files(file, options);
  // The text and its tables, many times what they become, were allocated in between: what they leave behind is given
  // back to the system, because what loads is what stays resident for months.
  ::malloc_trim(0);
  return loaded;
}

}  // namespace simplevisor::config
