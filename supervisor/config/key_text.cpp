#include "supervisor/config/key_text.hpp"

#include <fmt/format.h>

#include "supervisor/config/units.hpp"

namespace simplevisor::config {
namespace {

std::string choices_text(std::span<const Choice> choices) {
  std::string text;
  for (const Choice& each : choices) text += fmt::format("{}`\"{}\"`", text.empty() ? "" : ", ", each.name);
  return text;
}

}  // namespace

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

std::string_view form_name(Form form) {
  switch (form) {
    case Form::boolean:
      return "boolean";
    case Form::integer:
      return "integer";
    case Form::number:
      return "number";
    case Form::duration:
      return "duration";
    case Form::size:
      return "size";
    case Form::choice:
      return "choice";
    case Form::text:
      return "text";
    case Form::node_name:
      return "node_name";
    case Form::path:
      return "path";
    case Form::words:
      return "words";
    case Form::node_names:
      return "node_names";
    case Form::globs:
      return "globs";
    case Form::environment:
      return "environment";
    case Form::anything:
      return "anything";
    case Form::shutdown:
      return "shutdown";
    case Form::output:
      return "output";
    case Form::umask:
      return "umask";
    case Form::signal:
      return "signal";
    case Form::limit_bytes:
      return "limit_bytes";
    case Form::limit_count:
      return "limit_count";
    case Form::instances:
      return "instances";
    case Form::section:
      return "section";
  }
  return {};
}

std::string unmarked(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '`');
  return plain;
}

}  // namespace simplevisor::config
