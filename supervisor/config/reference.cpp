// supervisor/config/reference.cpp
#include "supervisor/config/reference.hpp"

#include <fmt/format.h>

#include "supervisor/config/keys.hpp"
#include "supervisor/config/units.hpp"

namespace simplevisor::config {
namespace {

std::string choices_text(std::span<const Choice> choices) {
  std::string text;
  for (const Choice& each : choices) text += fmt::format("{}`\"{}\"`", text.empty() ? "" : ", ", each.name);
  return text;
}

std::string value_text(const Key& key) {
  const Milliseconds shortest{key.min};
  const Milliseconds longest{key.max};
  switch (key.form) {
    case Form::boolean:
      return "`true`, `false`";
    case Form::integer:
    case Form::instances:
      return fmt::format("integer, {} to {}", key.min, key.max);
    case Form::number:
      return fmt::format("number, {} to {}", key.min, key.max);
    case Form::duration:
      return fmt::format("duration, {} to {}", duration_text(shortest), duration_text(longest));
    case Form::size:
      return fmt::format("size, {} to {}", size_text(static_cast<std::uint64_t>(key.min)),
                         size_text(static_cast<std::uint64_t>(key.max)));
    case Form::choice:
      return choices_text(key.choices);
    case Form::text:
      return "string";
    case Form::node_name:
      return "name";
    case Form::path:
      return "path";
    case Form::words:
      return "strings, at least one";
    case Form::node_names:
      return "names";
    case Form::globs:
      return "patterns";
    case Form::environment:
      return "table of strings";
    case Form::anything:
      return "table";
    case Form::shutdown:
      return fmt::format("duration, {} to {}, or `\"brutal_kill\"`, `\"infinity\"`", duration_text(shortest),
                         duration_text(longest));
    case Form::output:
      return choices_text(key.choices) + ", `{ file = \"PATH\" }`";
    case Form::umask:
      return "octal mask: `\"022\"`, `0o022`";
    case Form::signal:
      return "signal: `\"SIGTERM\"`, `\"TERM\"`, 15";
    case Form::limit_bytes:
      return "bytes, size, `\"unlimited\"`";
    case Form::limit_count:
      return "integer, `\"unlimited\"`";
    case Form::section:
      return "table";
  }
  return {};
}

std::string code(std::string_view text) {
  return text.empty() ? std::string{} : fmt::format("`{}`", text);
}

void append_section(std::string& text, const Section& section) {
  text += fmt::format("\n### `{}`\n\n{}\n\n", section.heading, section.meaning);
  text += "| Key | Value | Default | Example | Meaning |\n|---|---|---|---|---|\n";
  for (const Key& key : section.keys) {
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, value_text(key), code(key.fallback),
                        code(key.example), key.meaning);
  }
}

// A worker's keys come back in pools and kinds; they are told once.
void append_difference(std::string& text, const Section& section, const Section& told) {
  text += fmt::format("\n### `{}`\n\n{}\n\nKeys: ", section.heading, section.meaning);
  std::string other;
  std::size_t shared = 0;
  for (const Key& key : section.keys) {
    if (told.find(key.name) != nullptr) {
      ++shared;
    } else {
      other += fmt::format("{}`{}`", other.empty() ? "" : ", ", key.name);
    }
  }
  const bool all = shared == told.keys.size();
  text += fmt::format("those of `{}`{}, and {}.\n", told.heading, all ? "" : " but `kind`", other);
}

}  // namespace

std::string reference_markdown() {
  std::string text = reference_begin;
  const Section& settings = settings_section();
  append_section(text, settings);
  for (const Key& key : settings.keys) {
    if (key.section != nullptr) append_section(text, *key.section);
  }
  append_section(text, supervisor_section());
  const Section& worker = worker_section();
  append_section(text, worker);
  for (const Key& key : worker.keys) {
    if (key.section != nullptr) append_section(text, *key.section);
  }
  append_difference(text, pool_section(), worker);
  const Key& size = *pool_section().find("size");
  text += fmt::format("`{}`: {}, {} (default {}). The others are those of `{}`.\n", size.name, size.meaning,
                      value_text(size), size.fallback, supervisor_section().heading);
  append_difference(text, kind_section(), worker);
  text += '\n';
  return text + reference_end;
}

}  // namespace simplevisor::config
