#include "workers/sarra/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simplevisor::sarra {
namespace {

// No character is left in halves.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) --bytes_max;
  text.resize(bytes_max);
}

}  // namespace

std::string exchange_of(std::string_view user, std::string_view suffix) {
  if (user == "anonymous" && suffix.empty()) return "xpublic";
  return suffix.empty() ? fmt::format("xs_{}", user) : fmt::format("xs_{}_{}", user, suffix);
}

std::string queue_name(std::string_view user, std::string_view component, std::string_view config,
                       std::string_view share) {
  return fmt::format("q_{}.{}.{}.{}", user, component, config, share);
}

std::string escaped_word(std::string_view name) {
  std::string word;
  for (const char c : name) {
    if (c == '#')
      word += "%23";
    else if (c == '*')
      word += "%22";
    else
      word += c;
  }
  return word;
}

std::string unescaped_word(std::string_view word) {
  std::string name;
  while (!word.empty()) {
    const bool hash = word.starts_with("%23");
    const bool star = word.starts_with("%22");
    name += hash ? '#' : star ? '*' : word.front();
    word.remove_prefix(hash || star ? 3 : 1);
  }
  return name;
}

std::string topic_of(std::string_view prefix, std::string_view rel_path) {
  std::string topic{prefix};
  for (std::size_t slash = 0; (slash = rel_path.find('/')) != std::string_view::npos;
       rel_path.remove_prefix(slash + 1)) {
    if (slash == 0) continue;  // neither a leading nor a double slash names a directory
    if (!topic.empty()) topic += '.';
    topic += escaped_word(rel_path.substr(0, slash));
  }
  cut(topic, topic_bytes_max);
  return topic;
}

std::string key_of_topic(std::string_view topic) {
  std::string key = escaped_word(topic);
  cut(key, topic_bytes_max);
  return key;
}

std::string binding_key(std::string_view prefix, std::string_view subtopic) {
  std::string words{subtopic.empty() ? "#" : subtopic};
  std::ranges::replace(words, '/', '.');
  return prefix.empty() ? words : fmt::format("{}.{}", prefix, words);
}

}  // namespace simplevisor::sarra
