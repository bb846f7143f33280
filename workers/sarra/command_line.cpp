#include "workers/sarra/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <utility>

#include "workers/service/error.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using service::ExitCode;
using service::report;

constexpr std::streamsize file_bytes_max = 1 << 20;

std::expected<json::object, std::string> read_with(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) {
    return std::unexpected(fmt::format("{}: longer than {} bytes", path, file_bytes_max));
  }
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) return std::unexpected(fmt::format("{}: not JSON: {}", path, error.message()));
  if (!value.is_object()) return std::unexpected(fmt::format("{}: not a JSON object", path));
  return std::move(value.as_object());
}

// What was said, by setting. Deques: CLI11 keeps addresses.
struct Said {
  std::string with;
  std::deque<std::pair<const Option*, std::vector<std::string>>> values;
  std::deque<std::pair<const Option*, int>> flags;  // 1 given, -1 denied
};

void declare(CLI::App& app, const OptionTable& table, Said& said) {
  app.add_option("--with", said.with, "JSON file with settings; those on the command line win");
  for (const Option& option : table.options()) {
    const std::string help{option.help};
    if (std::holds_alternative<bool*>(option.target)) {
      app.add_flag(fmt::format("--{0},--no-{0}{{-1}}", option.name),
                   said.flags.emplace_back(&option, 0).second, help);
      continue;
    }
    auto* const declared =
        app.add_option(fmt::format("--{}", option.name),
                       said.values.emplace_back(&option, std::vector<std::string>{}).second, help);
    declared->expected(1);
    declared->allow_extra_args(false);  // what follows its one value is something else
    if (std::holds_alternative<std::vector<std::string>*>(option.target))
      declared->take_all();
    else
      declared->take_last();
  }
}

json::object object_of(const Said& said) {
  json::object object;
  for (const auto& [option, words] : said.values) {
    if (words.empty()) continue;
    if (std::holds_alternative<std::vector<std::string>*>(option->target))
      object[option->name] = json::array(words.begin(), words.end());
    else
      object[option->name] = words.back();
  }
  for (const auto& [option, given] : said.flags) {
    if (given != 0) object[option->name] = given > 0;
  }
  return object;
}

}  // namespace

std::optional<int> configure(int argc, char** argv, const Program& program, const OptionTable& table) {
  service::report_as(program.name);
  CLI::App app{program.purpose, program.name};
  app.set_version_flag("--version", program.name + " " SIMPLEVISOR_VERSION);
  app.footer("Exit status: " + program.exit_status);
  Said said;
  declare(app, table, said);
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
  if (!said.with.empty()) {
    if (const auto given = read_with(said.with)) {
      for (const std::string& problem : table.set(*given))
        problems.push_back(fmt::format("{}: {}", said.with, problem));
    } else {
      problems.push_back(given.error());
    }
  }
  for (const std::string& problem : table.set(object_of(said))) problems.push_back("--" + problem);
  if (problems.empty()) return std::nullopt;
  for (const std::string& problem : problems) report("{}", problem);
  return static_cast<int>(ExitCode::config);
}

}  // namespace simplevisor::sarra
