// supervisor/config/reference.cpp
#include "supervisor/config/reference.hpp"

#include <fmt/format.h>

#include "supervisor/config/key_text.hpp"
#include "supervisor/config/keys.hpp"

namespace simplevisor::config {
namespace {

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
