#include <fmt/format.h>

#include <boost/json.hpp>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/text_table.hpp"
#include "supervisor/config/describe.hpp"
#include "supervisor/control/json.hpp"
#include "supervisor/control/openings.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;

json::string text(const std::string& raw) {
  const std::string clean = control::clean_utf8(raw);
  return json::string(clean.data(), clean.size());
}

json::array complaints_json(const std::vector<config::Complaint>& complaints) {
  json::array array;
  for (const config::Complaint& complaint : complaints) {
    array.push_back(json::object{{"file", text(complaint.file)},
                                 {"line", complaint.line},
                                 {"column", complaint.column},
                                 {"key", text(complaint.key)},
                                 {"message", text(complaint.message)},
                                 {"nearest", text(complaint.nearest)}});
  }
  return array;
}

int refuse(const std::vector<config::Complaint>& complaints, Terminal& terminal, bool as_json) {
  const std::string summary =
      fmt::format("{} problem{} in the configuration", complaints.size(), complaints.size() == 1 ? "" : "s");
  if (as_json) {
    json::object problem = json::parse(control::problem_json(0, "bad_configuration", summary)).get_object();
    problem["complaints"] = complaints_json(complaints);
    terminal.out << json::serialize(problem) << '\n' << std::flush;
  } else {
    for (const config::Complaint& complaint : complaints)
      terminal.err << printable(complaint.to_string()) << '\n';
    terminal.err << "simplevisor: " << summary << '\n' << std::flush;
  }
  return code(Exit::bad_configuration);
}

void accept(const std::filesystem::path& file, const config::Configuration& configuration,
            const CommandLine& line, Terminal& terminal) {
  if (line.json) {
    json::array files;
    for (const std::string& name : configuration.files) files.push_back(text(name));
    json::object result{{"file", text(file.string())},
                        {"files", std::move(files)},
                        {"programs", configuration.programs.size()},
                        {"warnings", complaints_json(configuration.warnings)}};
    if (line.verbose) result["description"] = text(config::describe(configuration));
    terminal.out << json::serialize(result) << '\n' << std::flush;
    return;
  }
  for (const config::Complaint& warning : configuration.warnings) {
    terminal.err << "warning: " << printable(warning.to_string()) << '\n';
  }
  if (line.verbose) terminal.out << config::describe(configuration);
  terminal.out << file.string() << ": the configuration is valid\n" << std::flush;
}

}  // namespace

int check_configuration(Context& context) {
  const auto file = find_configuration(context.line, context.environment);
  if (!file) return report(file.error(), context.terminal, context.line.json);
  config::LoadOptions options = load_options(context.environment);
  options.warnings = true;
  auto configuration = config::load(*file, options);
  if (!configuration) return refuse(configuration.error(), context.terminal, context.line.json);
  for (std::string& doubt : control::doubts_of(configuration->settings.control)) {
    configuration->warnings.push_back({file->string(), 0, 0, "simplevisor.control", std::move(doubt), ""});
  }
  accept(*file, *configuration, context.line, context.terminal);
  return code(Exit::done);
}

}  // namespace simplevisor::cli
