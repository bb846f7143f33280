#include "workers/consumer/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "workers/message/text.hpp"

namespace simplevisor::consumer {
namespace {

constexpr std::string_view prefix = "SIMPLEVISOR_HEADER_";
constexpr std::array ours_alone{std::string_view{"NOTIFY_SOCKET="}, std::string_view{"WATCHDOG_"},
                                std::string_view{"LISTEN_"}, prefix};

}  // namespace

Environment inheritable(const char* const* environment) {
  Environment kept;
  for (; *environment != nullptr; ++environment) {
    const std::string_view variable{*environment};
    if (std::ranges::none_of(ours_alone, [variable](auto mark) { return variable.starts_with(mark); })) {
      kept.emplace_back(variable);
    }
  }
  return kept;
}

std::string variable_name(std::string_view key) {
  std::string name{prefix};
  for (const char c : key) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (lower)
      name += static_cast<char>(c - 'a' + 'A');
    else
      name += kept ? c : '_';
  }
  return name;
}

void add_header(Environment& environment, const message::Header& header) {
  // Two names of ours begin as a field's would; a field of that name is in the file.
  std::set<std::string> names{std::string{prefix} + "FILE", std::string{prefix} + "OMITTED"};
  std::size_t bytes = 0;
  std::size_t omitted = 0;
  for (const auto& [key, value] : header) {
    const std::size_t size = prefix.size() + key.size() + value.size() + 2;
    std::string name = size <= field_bytes_max ? variable_name(key) : "";
    const bool fits =
        !name.empty() && bytes + size <= header_bytes_max && value.find('\0') == std::string::npos;
    if (!fits || !names.insert(name).second) {
      ++omitted;
      continue;
    }
    bytes += size;
    environment.push_back(fmt::format("{}={}", name, value));
  }
  environment.push_back(fmt::format("{}OMITTED={}", prefix, omitted));
}

std::string header_json(const message::Header& header) {
  std::string out = "{";
  for (const auto& [key, value] : header) {
    if (out.size() > 1) out += ',';
    message::append_json_string(out, key);
    out += ':';
    message::append_json_string(out, value);
  }
  out += "}\n";
  return out;
}

}  // namespace simplevisor::consumer
