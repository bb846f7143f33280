#include "workers/sarra/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <utility>

#include "workers/service/error.hpp"
#include "workers/service/option_words.hpp"
#include "workers/service/report.hpp"
#include "workers/service/small_file.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using service::ExitCode;
using service::report;

constexpr std::size_t file_bytes_max = 1 << 20;

std::expected<json::object, std::string> read_with(const std::string& path) {
  const auto text = service::read_small_file(path, file_bytes_max);
  if (!text) return std::unexpected(fmt::format("{}: {}", path, text.error()));
  json::error_code error;
  json::value value = json::parse(*text, error);
  if (error) return std::unexpected(fmt::format("{}: not JSON: {}", path, error.message()));
  if (!value.is_object()) return std::unexpected(fmt::format("{}: not a JSON object", path));
  return std::move(value.as_object());
}

service::Takes taken_by(const Option& option) {
  if (std::holds_alternative<bool*>(option.target) ||
      std::holds_alternative<std::optional<bool>*>(option.target))
    return service::Takes::nothing;
  const bool many = std::holds_alternative<std::vector<std::string>*>(option.target) ||
                    std::holds_alternative<Reader>(option.target);
  return many ? service::Takes::many : service::Takes::one;
}

}  // namespace

std::optional<int> configure(int argc, char** argv, const Program& program, const OptionTable& table) {
  service::report_as(program.name);
  CLI::App app{program.purpose, program.name};
  app.set_version_flag("--version", program.name + " " SIMPLEVISOR_VERSION);
  app.footer("Exit status: " + program.exit_status);
  std::string with;
  app.add_option("--with", with, "JSON file with settings; those on the command line win");
  service::OptionWords options;
  for (const Option& option : table.options())
    options.declare(app, option.name, taken_by(option), option.help);
  if (program.words != nullptr) app.add_option("words", *program.words, program.words_help);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    report("{} (see --help)", error.what());
    return static_cast<int>(ExitCode::usage);
  }
  std::vector<std::string> problems;
  if (!with.empty()) {
    if (const auto given = read_with(with)) {
      for (const std::string& problem : table.set(*given))
        problems.push_back(fmt::format("{}: {}", with, problem));
    } else {
      problems.push_back(given.error());
    }
  }
  for (const std::string& problem : table.set(options.object())) problems.push_back("--" + problem);
  if (problems.empty()) return std::nullopt;
  for (const std::string& problem : problems) report("{}", problem);
  return static_cast<int>(ExitCode::config);
}

}  // namespace simplevisor::sarra
