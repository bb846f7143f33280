#include "supervisor/runtime/launch_material.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "supervisor/config/env_file.hpp"
#include "supervisor/config/substitute.hpp"
#include "supervisor/process/find_executable.hpp"

namespace simplevisor::runtime {
namespace {

// Meant for the process that was given them, never for its children.
constexpr std::string_view not_inherited[] = {
    "NOTIFY_SOCKET", "WATCHDOG_USEC",  "WATCHDOG_PID",     "LISTEN_FDS",
    "LISTEN_PID",    "LISTEN_FDNAMES", "SIMPLEVISOR_CONF", "SIMPLEVISOR_LOG_FORMAT"};

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view variable = *entry;
    const auto same_name = [&](std::string_view name) { return name_of(variable) == name; };
    if (variable.find('=') == variable.npos || std::ranges::any_of(not_inherited, same_name)) continue;
    kept.emplace_back(variable);
  }
  return kept;
}

}  // namespace

void StringArray::add(std::initializer_list<std::string_view> parts) {
  if (used_ == strings_.size()) strings_.emplace_back();
  std::string& text = strings_[used_++];
  text.clear();
  for (const std::string_view part : parts) text += part;
}

const char* const* StringArray::pointers() {
  pointers_.clear();
  for (std::size_t n = 0; n < used_; ++n) pointers_.push_back(strings_[n].c_str());
  pointers_.push_back(nullptr);
  return pointers_.data();
}

LaunchMaterial::LaunchMaterial(House house) : house_{std::move(house)}, inherited_{inherited_environment()} {}

std::expected<const process::Credentials*, std::string> LaunchMaterial::credentials(
    const config::Setup& setup) {
  if (setup.user.empty() && setup.group.empty()) return nullptr;
  const auto key = std::pair{setup.user, setup.group};
  auto known = credentials_.find(key);
  if (known == credentials_.end()) {
    auto resolved = process::resolve_credentials(setup.user, setup.group);
    if (!resolved) return std::unexpected(resolved.error().message);
    known = credentials_.emplace(key, *std::move(resolved)).first;
  }
  return &known->second;
}

std::expected<const process::LaunchPlan*, std::string> LaunchMaterial::prepare(
    const LaunchOccasion& occasion) {
  const config::Setup& setup = *occasion.program.setup;
  const auto who = credentials(setup);
  if (!who) return std::unexpected(who.error());

  plan_ = {};
  if (auto composed = compose_environment(occasion, *who); !composed)
    return std::unexpected(composed.error());
  if (auto composed = compose_command(occasion); !composed) return std::unexpected(composed.error());
  compose_streams(occasion);
  compose_limits(setup);
  handover_ = occasion.handover;
  if (handover_) plan_.keep = {&*handover_, 1};
  if (setup.umask) plan_.umask = static_cast<mode_t>(*setup.umask);
  plan_.nice = setup.nice;
  plan_.scheduling = occasion.scheduling;
  plan_.leads = leads(setup.session);
  if (!setup.cwd.empty()) plan_.directory = setup.cwd.c_str();
  if (*who && !(*who)->are_our_own()) plan_.credentials = *who;
  return &plan_;
}

process::Leads LaunchMaterial::leads(config::Session session) const {
  const bool own =
      session == config::Session::own || (session == config::Session::automatic && house_.own_sessions);
  return own ? process::Leads::session : process::Leads::group;
}

// From the weakest to the strongest: inherited, the user's, the file's, the configured, ours.
std::expected<void, std::string> LaunchMaterial::compose_environment(const LaunchOccasion& occasion,
                                                                     const process::Credentials* who) {
  const config::Setup& setup = *occasion.program.setup;
  config::Environment from_file;
  if (!setup.env_file.empty()) {
    auto read = config::read_env_file(setup.env_file);
    if (!read) return std::unexpected(read.error().to_string());
    from_file = *std::move(read);
  }
  variables_.clear();
  expanded_.clear();
  expanded_.reserve(setup.env.size() + 3);  // the views below must stay good
  if (who) {
    if (!who->home.empty()) variables_.emplace_back("HOME", who->home);
    if (!who->shell.empty()) variables_.emplace_back("SHELL", who->shell);
    if (!who->user_name.empty()) {
      variables_.emplace_back("USER", who->user_name);
      variables_.emplace_back("LOGNAME", who->user_name);
    }
  }
  if (occasion.log_in_json)
    variables_.emplace_back("SIMPLEVISOR_LOG_FORMAT", "json");  // the user's word wins
  for (const auto& [name, value] : from_file) variables_.emplace_back(name, value);
  const auto instance = occasion.instance ? std::optional{occasion.instance} : std::nullopt;
  for (const auto& [name, value] : setup.env) {
    expanded_.push_back(config::expand(value, instance, occasion.with_file));
    variables_.emplace_back(name, expanded_.back());
  }
  const auto life = std::to_underlying(occasion.life);
  expanded_.push_back(fmt::format("{}.{}.{}", house_.cookie, occasion.index, life));
  variables_.emplace_back(cookie_variable, expanded_.back());
  expanded_.push_back(fmt::format_int(life).str());
  variables_.emplace_back("SIMPLEVISOR_LIFE", expanded_.back());
  variables_.emplace_back("SIMPLEVISOR_NAME", house_.name);
  variables_.emplace_back("SIMPLEVISOR_PATH", occasion.path);
  if (occasion.instance) {
    expanded_.push_back(fmt::format_int(occasion.instance).str());
    variables_.emplace_back("SIMPLEVISOR_INSTANCE", expanded_.back());
  }
  for (const auto& [name, value] : occasion.extra_environment) variables_.emplace_back(name, value);

  environment_.clear();
  path_variable_ = process::default_path;
  const auto overridden = [this](std::string_view name, std::size_t from) {
    return std::any_of(variables_.begin() + static_cast<std::ptrdiff_t>(from), variables_.end(),
                       [&](const Variable& variable) { return variable.first == name; });
  };
  for (const std::string& variable : inherited_) {
    const std::string_view name = name_of(variable);
    if (overridden(name, 0)) continue;
    environment_.add({variable});
    if (name == "PATH") path_variable_.assign(variable, name.size() + 1);
  }
  for (std::size_t n = 0; n < variables_.size(); ++n) {
    const auto& [name, value] = variables_[n];
    if (overridden(name, n + 1)) continue;
    environment_.add({name, "=", value});
    if (name == "PATH") path_variable_ = value;
  }
  plan_.envp = environment_.pointers();
  return {};
}

std::expected<void, std::string> LaunchMaterial::compose_command(const LaunchOccasion& occasion) {
  const auto instance = occasion.instance ? std::optional{occasion.instance} : std::nullopt;
  arguments_.clear();
  for (const std::string& argument : occasion.program.command) {
    // What has no braces in it, and that is nearly everything, needs no second look.
    if (argument.find_first_of("{}") == argument.npos)
      arguments_.add({argument});
    else
      arguments_.add({config::expand(argument, instance, occasion.with_file)});
  }
  plan_.argv = arguments_.pointers();
  const std::string_view command = arguments_.front();
  if (command.find('/') != command.npos) {  // execve itself says what is wrong with it
    plan_.executable = plan_.argv[0];
    return {};
  }
  const auto key = std::pair{std::string(command), path_variable_};
  auto known = executables_.find(key);
  if (known == executables_.end()) {
    auto found = process::find_executable(command, path_variable_, occasion.program.setup->cwd);
    if (!found) return std::unexpected(found.error().message);
    known = executables_.emplace(key, *std::move(found)).first;
  }
  plan_.executable = known->second.c_str();
  return {};
}

void LaunchMaterial::compose_streams(const LaunchOccasion& occasion) {
  using Kind = process::Stream::Kind;
  const auto stream = [&](const config::Output& output) -> process::Stream {
    switch (output.kind) {
      case config::Output::Kind::capture:
        return {.kind = Kind::fifo, .path = occasion.fifo.c_str()};
      case config::Output::Kind::inherit:
        return {.kind = Kind::inherit};
      case config::Output::Kind::null:
        return {.kind = Kind::null};
      case config::Output::Kind::file:
        return {.kind = Kind::file, .path = output.path.c_str()};
    }
    std::unreachable();
  };
  const config::Setup& setup = *occasion.program.setup;
  const bool one_place =
      setup.stdout_to == setup.stderr_to && setup.stdout_to.kind != config::Output::Kind::inherit;
  plan_.stdio[0] = {.kind = Kind::null};
  plan_.stdio[1] = stream(setup.stdout_to);
  plan_.stdio[2] = one_place ? process::Stream{.kind = Kind::output} : stream(setup.stderr_to);
  if (!occasion.error_fifo.empty())
    plan_.stdio[2] = {.kind = Kind::fifo, .path = occasion.error_fifo.c_str()};
}

void LaunchMaterial::compose_limits(const config::Setup& setup) {
  limits_.clear();
  bool nofile_given = false;
  for (const config::Limit& limit : setup.limits) {
    nofile_given = nofile_given || limit.resource == RLIMIT_NOFILE;
    limits_.push_back({limit.resource, {limit.soft, limit.hard}});
  }
  if (house_.nofile && !nofile_given) limits_.push_back({RLIMIT_NOFILE, *house_.nofile});
  plan_.limits = limits_;
}

std::optional<LaunchMaterial::Cookie> LaunchMaterial::parse_cookie(std::string_view value) const {
  if (!value.starts_with(house_.cookie) || value.size() <= house_.cookie.size() ||
      value[house_.cookie.size()] != '.')
    return {};
  value.remove_prefix(house_.cookie.size() + 1);
  Cookie cookie{};
  const auto index = std::from_chars(value.begin(), value.end(), cookie.index);
  if (index.ec != std::errc{} || index.ptr == value.end() || *index.ptr != '.') return {};
  const auto life = std::from_chars(index.ptr + 1, value.end(), cookie.life);
  if (life.ec != std::errc{} || life.ptr != value.end()) return {};
  return cookie;
}

}  // namespace simplevisor::runtime
