#include "supervisor/cli/locate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <cstdlib>

#include "supervisor/config/nesting.hpp"
#include "supervisor/config/text_file.hpp"

namespace simplevisor::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 64u << 20;  // as the loader has it
constexpr std::size_t table_bytes_max = 64 * 1024;

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

fs::path whole_path(const fs::path& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  return (error ? path : whole).lexically_normal();
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::optional<std::string> value_if_set(const Environment& environment, const char* name) {
  auto value = environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<fs::path> state_dir_of_file(const fs::path& file) {
  const auto text = config::read_text_file(file.string(), file_bytes_max);
  if (!text) return std::nullopt;  // the loader says why
  const auto state_dir = state_dir_in(*text);
  if (!state_dir) return std::nullopt;
  return whole_path(file.parent_path() / *state_dir);
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::vector<fs::path> usual_places(const Environment& environment) {
  std::vector<fs::path> places{whole_path("simplevisor.toml")};
  if (const auto config_home = value_if_set(environment, "XDG_CONFIG_HOME")) {
    places.push_back(fs::path(*config_home) / "simplevisor" / "simplevisor.toml");
  } else if (const auto home = value_if_set(environment, "HOME")) {
    places.push_back(fs::path(*home) / ".config" / "simplevisor" / "simplevisor.toml");
  }
  places.emplace_back("/etc/simplevisor/simplevisor.toml");
  return places;
}

std::expected<fs::path, Failure> find_configuration(const CommandLine& line, const Environment& environment) {
  if (!line.conf.empty()) return whole_path(line.conf);
  if (const auto conf = value_if_set(environment, "SIMPLEVISOR_CONF")) return whole_path(*conf);
  std::vector<std::string> looked_at;
  for (const fs::path& place : usual_places(environment)) {
    if (is_there(place)) return place;
    looked_at.push_back(place.string());
  }
  return std::unexpected(Failure{
      Exit::bad_configuration, "bad_configuration",
      fmt::format("no configuration: there is no {}; give one with --conf", fmt::join(looked_at, ", no "))});
}

std::expected<std::string, Failure> find_socket(const CommandLine& line, const Environment& environment) {
  if (!line.socket.empty()) return line.socket;
  const auto file = find_configuration(line, environment);
  if (!file) return std::unexpected(file.error());
  if (const auto state_dir = state_dir_of_file(*file)) return (*state_dir / socket_name).string();
  const auto configuration = config::load(*file, load_options(environment));
  if (!configuration) return std::unexpected(failure_of(configuration.error()));
  return (fs::path(configuration->settings.state_dir) / socket_name).string();
}

std::optional<std::string> state_dir_in(std::string_view text) {
  std::size_t begin = std::string_view::npos;
  std::size_t end = text.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    std::string_view line = trimmed(text.substr(at, line_end - at));
    if (line.starts_with('[')) {
      if (begin != std::string_view::npos) {
        end = at;
        break;
      }
      line = trimmed(line.substr(0, line.find('#')));
      if (line == "[simplevisor]") begin = at;
    }
    at = line_end + 1;
  }
  if (begin == std::string_view::npos || end - begin > table_bytes_max) return std::nullopt;
  const std::string_view own = text.substr(begin, end - begin);
  if (config::too_deep(own)) return std::nullopt;
  try {
    const toml::table table = toml::parse(own);
    auto value = table["simplevisor"]["state_dir"].value<std::string>();
    return value && !value->empty() ? value : std::nullopt;
  } catch (const toml::parse_error&) {
    return std::nullopt;  // the loader says what is wrong
  }
}

config::LoadOptions load_options(const Environment& environment) {
  config::LoadOptions options;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    options.bin_dir = program.parent_path();
    options.kinds_dirs.push_back((options.bin_dir / "../share/simplevisor/kinds").lexically_normal());
  }
  if (const auto kinds = value_if_set(environment, "SIMPLEVISOR_KINDS")) options.kinds_dirs = {*kinds};
  return options;
}

Failure failure_of(const std::vector<config::Complaint>& complaints) {
  std::string message =
      complaints.empty() ? "the configuration is not valid" : complaints.front().to_string();
  if (complaints.size() > 1) message += fmt::format(" (and {} more)", complaints.size() - 1);
  return {Exit::bad_configuration, "bad_configuration", std::move(message)};
}

}  // namespace simplevisor::cli
