// supervisor/config/value_reader_process.cpp
//
// The forms that are special to running a process.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "supervisor/config/json_value.hpp"
#include "supervisor/config/units.hpp"
#include "supervisor/config/value_reader.hpp"

namespace simplevisor::config {
namespace {

constexpr std::size_t with_bytes_max = 1u << 20;

}  // namespace

std::optional<Value> ValueReader::environment(const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return wrong_type(node, path_, "a table of strings");
  std::map<std::string, Text> all;
  for (const auto& [key, value] : *table) {
    const KeyPath path{&path_, key.str()};
    if (!is_environment_name(key.str())) {
      reading_.report.add(reading_.at(key.source()), path.text(),
                          "not a name of a variable: letters, digits and _, no digit first");
      continue;
    }
    if (!value.is_string() && value.is_value()) {
      complain(value, path, fmt::format("must be a string, not {}: put it in quotes", type_text(value)));
      continue;
    }
    if (auto given = text(value, path, Empty::allowed)) all.emplace(key.str(), *std::move(given));
  }
  return Value{std::move(all)};
}

std::optional<Value> ValueReader::anything(const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return wrong_type(node, path_, "a table");
  std::map<std::string, std::string> all;
  std::size_t bytes = 0;
  for (const auto& [key, value] : *table) {
    std::string json;
    if (!append_json(json, value)) {
      complain(value, KeyPath{&path_, key.str()}, "JSON knows no infinity and no NaN");
      continue;
    }
    bytes += key.length() + json.size();
    all.emplace(key.str(), std::move(json));
  }
  if (bytes > with_bytes_max) return complain(node, fmt::format("larger than {} bytes", with_bytes_max));
  return Value{std::move(all)};
}

std::optional<Value> ValueReader::shutdown(const toml::node& node) {
  using core::Shutdown;
  const auto* given = node.as_string();
  if (given != nullptr && given->get() == "brutal_kill") return Shutdown::brutal_kill();
  if (given != nullptr && given->get() == "infinity") return Shutdown::infinity();
  const auto* number = node.as_integer();
  const bool nothing = (given != nullptr && given->get() == "0") || (number != nullptr && number->get() == 0);
  if (nothing) return complain(node, "must be longer than 0; to kill at once write \"brutal_kill\"");
  if (given != nullptr && !given->get().empty() && (given->get()[0] < '0' || given->get()[0] > '9')) {
    static constexpr std::array<std::string_view, 2> words{"brutal_kill", "infinity"};
    return complain(node, "must be a duration (such as \"20s\"), \"brutal_kill\" or \"infinity\"",
                    reading_.report.spelling.nearest(given->get(), words));
  }
  if (given == nullptr && number == nullptr) {
    return wrong_type(node, path_, "a duration (such as \"20s\"), \"brutal_kill\" or \"infinity\"");
  }
  const auto grace = duration(node);
  if (!grace) return std::nullopt;
  return Shutdown::timed(*grace);
}

std::optional<Value> ValueReader::output(const toml::node& node) {
  constexpr std::string_view file_form = "{ file = \"path\" }";
  if (const auto* given = node.as_string()) {
    const auto found = std::ranges::find(key_.choices, std::string_view{given->get()}, &Choice::name);
    if (found == key_.choices.end()) return wrong_choice(node, given->get(), file_form);
    return OutputDraft{static_cast<Output::Kind>(found->value), {}};
  }
  const toml::table* table = node.as_table();
  if (table == nullptr) return wrong_type(node, path_, listed(key_.choices, file_form));
  const toml::node* file = nullptr;
  bool good = true;
  for (const auto& [key, value] : *table) {
    if (key.str() == "file") {
      file = &value;
      continue;
    }
    static constexpr std::array<std::string_view, 1> names{"file"};
    reading_.report.add(reading_.at(key.source()), KeyPath{&path_, key.str()}.text(), "unknown key",
                        reading_.report.spelling.nearest(key.str(), names));
    good = false;
  }
  if (file == nullptr) return good ? complain(node, "needs a `file`") : std::optional<Value>{};
  const KeyPath path{&path_, "file"};
  auto name = text(*file, path, Empty::refused);
  if (!name || !good) return std::nullopt;
  return OutputDraft{Output::Kind::file, *std::move(name)};
}

std::optional<Value> ValueReader::umask(const toml::node& node) {
  if (node.is_integer()) {
    const std::int64_t mask = node.as_integer()->get();
    if (mask >= key_.min && mask <= key_.max) return mask;
    return complain(node, "must be 0 to 0o777; write it in octal: 0o022 or \"022\"");
  }
  const auto* given = node.as_string();
  if (given == nullptr) return wrong_type(node, path_, "an octal mask (\"022\" or 0o022)");
  std::string_view digits = given->get();
  if (digits.starts_with("0o")) digits.remove_prefix(2);
  const bool octal = !digits.empty() && digits.size() <= 4 &&
                     std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '7'; });
  std::int64_t mask = 0;
  for (const char c : octal ? digits : std::string_view{}) mask = 8 * mask + (c - '0');
  if (!octal || mask > key_.max) {
    return complain(node, "must be an octal mask of at most 777, such as \"022\"");
  }
  return mask;
}

std::optional<Value> ValueReader::signal(const toml::node& node) {
  if (node.is_integer()) return integer(node);
  const auto* given = node.as_string();
  if (given == nullptr) return wrong_type(node, path_, "the name or number of a signal");
  std::string_view name = given->get();
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto found = std::ranges::find(signals(), name, &Choice::name);
  if (found != signals().end()) return found->value;
  std::vector<std::string> full;
  std::vector<std::string_view> names;
  for (const Choice& choice : signals()) full.push_back(std::string{"SIG"}.append(choice.name));
  for (const std::string& each : full) names.push_back(each);
  return complain(node, "not the name of a signal (such as \"SIGTERM\" or \"INT\")",
                  reading_.report.spelling.nearest(std::string{"SIG"}.append(name), names));
}

std::optional<Value> ValueReader::instances(const toml::node& node) {
  if (node.is_table()) {
    return complain(node,
                    fmt::format("elastic sizes are not supported by this version: give one number, {} to {}",
                                key_.min, key_.max));
  }
  return integer(node);
}

std::optional<rlim_t> ValueReader::limit_value(const toml::node& node, const KeyPath& path) {
  const bool bytes = key_.form == Form::limit_bytes;
  if (const auto* number = node.as_integer()) {
    if (number->get() < 0)
      return complain(node, path, "must not be negative; for no limit write \"unlimited\"");
    return static_cast<rlim_t>(number->get());
  }
  const auto* given = node.as_string();
  const std::string_view wanted =
      bytes ? "an integer, a size (such as \"64MiB\") or \"unlimited\"" : "an integer or \"unlimited\"";
  if (given == nullptr) return wrong_type(node, path, wanted);
  if (given->get() == "unlimited") return RLIM_INFINITY;
  if (!bytes) {
    static constexpr std::array<std::string_view, 1> words{"unlimited"};
    return complain(node, path, fmt::format("must be {}", wanted),
                    reading_.report.spelling.nearest(given->get(), words));
  }
  const auto size = parse_size(given->get());
  if (!size) return complain(node, path, size.error());
  if (*size >= RLIM_INFINITY) return complain(node, path, fmt::format("\"{}\" is too large", given->get()));
  return *size;
}

std::optional<Value> ValueReader::limit(const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    const auto both = limit_value(node, path_);
    if (!both) return std::nullopt;
    return Limit{0, *both, *both};
  }
  static constexpr std::array<std::string_view, 2> names{"soft", "hard"};
  std::array<std::optional<rlim_t>, 2> values;
  bool good = true;
  for (const auto& [key, value] : *table) {
    const KeyPath path{&path_, key.str()};
    const auto found = std::ranges::find(names, key.str());
    if (found == names.end()) {
      reading_.report.add(reading_.at(key.source()), path.text(), "unknown key",
                          reading_.report.spelling.nearest(key.str(), names));
      good = false;
      continue;
    }
    auto& slot = values[static_cast<std::size_t>(found - names.begin())];
    slot = limit_value(value, path);
    good = good && slot.has_value();
  }
  if (!good) return std::nullopt;
  if (!values[0] || !values[1]) return complain(node, "needs both `soft` and `hard`");
  if (*values[0] > *values[1]) return complain(node, "`soft` must not be above `hard`");
  return Limit{0, *values[0], *values[1]};
}

}  // namespace simplevisor::config
