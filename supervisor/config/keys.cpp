// supervisor/config/keys.cpp
//
// What the sections share: look-ups, names, and the choices that are not enumerations of the core.
#include "supervisor/config/keys.hpp"

#include <algorithm>
#include <array>
#include <csignal>

namespace simplevisor::config {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

const Key* Section::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> Section::key_names() const {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

std::span<const Section* const> sections() {
  static const std::array<const Section*, 5> all{&settings_section(), &supervisor_section(),
                                                 &worker_section(), &pool_section(), &kind_section()};
  return all;
}

bool is_node_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
  return !name.empty() && name.size() <= node_name_bytes_max && allowed(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return allowed(c) || c == '.' || c == '-'; });
}

bool is_environment_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
  return !name.empty() && !is_digit(name.front()) && std::ranges::all_of(name, allowed);
}

std::span<const Choice> log_levels() {
  static constexpr std::array<Choice, 6> levels{
      {{"trace", 0}, {"debug", 1}, {"info", 2}, {"warn", 3}, {"error", 4}, {"off", 5}}};
  return levels;
}

std::span<const Choice> syslog_facilities() {
  static constexpr std::array<Choice, 18> facilities{{{"daemon", 0},
                                                      {"user", 1},
                                                      {"mail", 2},
                                                      {"news", 3},
                                                      {"uucp", 4},
                                                      {"lpr", 5},
                                                      {"cron", 6},
                                                      {"auth", 7},
                                                      {"authpriv", 8},
                                                      {"syslog", 9},
                                                      {"local0", 10},
                                                      {"local1", 11},
                                                      {"local2", 12},
                                                      {"local3", 13},
                                                      {"local4", 14},
                                                      {"local5", 15},
                                                      {"local6", 16},
                                                      {"local7", 17}}};
  return facilities;
}

std::span<const Choice> signals() {
  static constexpr std::array<Choice, 30> names{
      {{"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"ILL", SIGILL},   {"TRAP", SIGTRAP},
       {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},     {"KILL", SIGKILL}, {"USR1", SIGUSR1},
       {"SEGV", SIGSEGV},     {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
       {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD}, {"CONT", SIGCONT},   {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
       {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},     {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
       {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR}}};
  return names;
}

std::span<const Choice> log_formats() {
  static constexpr std::array<Choice, 3> formats{{{"raw", static_cast<std::int64_t>(LogFormat::raw)},
                                                  {"text", static_cast<std::int64_t>(LogFormat::text)},
                                                  {"json", static_cast<std::int64_t>(LogFormat::json)}}};
  return formats;
}

std::span<const Choice> log_targets() {
  static constexpr std::array<Choice, 3> targets{
      {{"files", static_cast<std::int64_t>(LogTarget::files)},
       {"journald", static_cast<std::int64_t>(LogTarget::journald)},
       {"syslog", static_cast<std::int64_t>(LogTarget::syslog)}}};
  return targets;
}

std::span<const Choice> output_kinds() {
  static constexpr std::array<Choice, 3> kinds{{{"capture", static_cast<std::int64_t>(Output::Kind::capture)},
                                                {"inherit", static_cast<std::int64_t>(Output::Kind::inherit)},
                                                {"null", static_cast<std::int64_t>(Output::Kind::null)}}};
  return kinds;
}

}  // namespace simplevisor::config
