// supervisor/config/keys.hpp
//
// The one table of keys. The loader reads by it, the JSON Schema (schema.hpp) and the reference in
// docs/configuration.md (reference.hpp) are printed from it: a key is added here and nowhere else.
//
// Each key says what form its value has (read by values.cpp, described by schema.cpp), its bounds, its
// default, an example and one line of meaning, and which member of a draft it sets.
//
// Threads    immutable, made on first use.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "supervisor/config/draft.hpp"

namespace simplevisor::config {

// What a value may look like in the file. values.cpp reads each, schema.cpp describes each.
enum class Form : std::uint8_t {
  boolean,
  integer,      // min .. max
  number,       // integer or float, min .. max
  duration,     // "1h30m", or 0; min .. max in milliseconds
  size,         // "10MiB", or 0; min .. max in bytes
  choice,       // one of `choices`
  text,         // a string that is not empty
  node_name,    // a string that can name a node
  path,         // a string that is not empty; relative to its file
  words,        // an array of strings, at least one: a command
  node_names,   // an array of strings that can name nodes; one that cannot is read as ""
  globs,        // an array of strings that are not empty; the same
  environment,  // a table of strings, with names for keys
  anything,     // a table, turned into JSON
  shutdown,     // a duration, "brutal_kill" or "infinity"
  output,       // one of `choices`, or { file = "path" }
  umask,        // "022", "0o022", or an integer
  signal,       // "SIGTERM", "TERM", or an integer
  limit_bytes,  // an integer, a size, "unlimited", or { soft = , hard = } of these
  limit_count,  // the same without sizes
  instances,    // an integer, min .. max; says that elastic sizes are for later
  section,      // a table with keys of its own
};

struct Choice {
  std::string_view name;
  std::int64_t value = 0;
};

// What reading a value of any form can give. Choices, integers, sizes, umasks and signals are int64.
using Value =
    std::variant<bool, std::int64_t, double, Milliseconds, core::Shutdown, Text, std::vector<Text>,
                 std::map<std::string, Text>, std::map<std::string, std::string>, OutputDraft, Limit>;

using Setter = void (*)(Draft& draft, Value&& value, Where where);

struct Section;

struct Key {
  std::string_view name;
  Form form = Form::text;
  std::string_view meaning;
  std::string_view fallback{};  // the default as it would be written; "" when there is none
  std::string_view example{};   // a value as it would be written
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::span<const Choice> choices{};
  Setter set = nullptr;              // null for sections
  const Section* section = nullptr;  // of `section`
};

struct Section {
  std::string_view name;     // "worker"
  std::string_view heading;  // as it is written in a file: "[worker.NAME]"
  std::string_view meaning;
  std::vector<Key> keys;

  [[nodiscard]] const Key* find(std::string_view key) const;
  [[nodiscard]] std::vector<std::string_view> key_names() const;
};

// Their keys set a SettingsDraft ...
const Section& settings_section();
// ... and theirs a NodeDraft.
const Section& supervisor_section();
const Section& worker_section();
const Section& pool_section();
const Section& kind_section();

// All of them, in the order in which they are documented. Those of tables within tables come with their keys.
std::span<const Section* const> sections();

std::span<const Choice> log_levels();
std::span<const Choice> syslog_facilities();
std::span<const Choice> signals();       // without the leading SIG
std::span<const Choice> log_formats();   // raw, text, json
std::span<const Choice> log_targets();   // files, journald, syslog
std::span<const Choice> output_kinds();  // capture, inherit, null

// Names of nodes: they are also parts of paths and names of files.
inline constexpr std::size_t node_name_bytes_max = 64;
inline constexpr std::string_view node_name_pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$";
inline constexpr std::string_view node_name_rule =
    "not a name: letters, digits, \"_\", \"-\" and \".\", the first no \"-\" and no \".\", at most 64";
[[nodiscard]] bool is_node_name(std::string_view name);

inline constexpr std::string_view environment_name_pattern = "^[A-Za-z_][A-Za-z0-9_]*$";
[[nodiscard]] bool is_environment_name(std::string_view name);

// The setter for one member: into<&NodeDraft::cwd>.
template <class Target, class T>
Target target_of(Given<T> Target::*);

template <auto Member>
void into(Draft& draft, Value&& value, Where where) {
  using Target = decltype(target_of(Member));
  auto& given = static_cast<Target&>(draft).*Member;
  using T = std::remove_cvref_t<decltype(given.value)>;
  if constexpr (std::is_enum_v<T> || (std::is_integral_v<T> && !std::is_same_v<T, bool>)) {
    given.give(static_cast<T>(std::get<std::int64_t>(value)), where);
  } else {
    given.give(std::get<T>(std::move(value)), where);
  }
}

}  // namespace simplevisor::config
