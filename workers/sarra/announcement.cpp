#include "workers/sarra/announcement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "workers/sarra/part.hpp"

namespace simplevisor::sarra {
namespace {

// A text among the fields nobody knows; empty for anything else.
std::string other_text(const Announcement& announcement, std::string_view name) {
  const auto found =
      std::ranges::find(announcement.others, name, [](const auto& field) { return field.first; });
  if (found == announcement.others.end()) return {};
  boost::json::error_code error;
  const auto value = boost::json::parse(found->second, error);
  return !error && value.is_string() ? std::string{value.as_string()} : std::string{};
}

std::string encoded(std::string_view path, std::string_view safe) {
  std::string url;
  url.reserve(path.size());
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       safe.find(c) != std::string_view::npos;
    if (plain)
      url += c;
    else
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

}  // namespace

std::string joined(std::string_view base, std::string_view path) {
  // Further slashes are part of either, and of what patterns see.
  if (base.ends_with('/')) base.remove_suffix(1);
  if (path.starts_with('/')) path.remove_prefix(1);
  return fmt::format("{}/{}", base, path);
}

std::string match_url(const Announcement& announcement, std::string_view path) {
  std::string url = joined(announcement.base_url, path);
  if (const std::string extension = other_text(announcement, "sundew_extension"); !extension.empty()) {
    url += ':';
    url += extension;
  }
  return url;
}

std::string download_url(const Announcement& announcement) {
  constexpr std::string_view of_paths = "/-._~!$&'()*+,;=:@";
  // It may carry a query, and may be encoded already.
  constexpr std::string_view of_references = "/-._~!$&'()*+,;=:@%?#[]";
  if (announcement.retrieve_path)
    return joined(announcement.base_url, encoded(*announcement.retrieve_path, of_references));
  return joined(announcement.base_url, encoded(announcement.rel_path, of_paths));
}

namespace {

std::string key_of_file(const Announcement& announcement) {
  const auto& operation = announcement.file_op;
  if (const auto link = operation.find("link"); link != operation.end()) return link->second;
  if (operation.contains("directory") && !operation.contains("remove")) return announcement.rel_path;
  if (announcement.identity && announcement.identity->method != "cod") {
    std::string key = fmt::format("{},{}", announcement.identity->method, announcement.identity->value);
    std::erase(key, '\n');
    return key;
  }
  return fmt::format("{},{},{}", announcement.rel_path, announcement.mtime.value_or(announcement.pub_time),
                     announcement.size ? fmt::format("{}", *announcement.size) : "");
}

}  // namespace

std::string duplicate_key(const Announcement& announcement) {
  std::string key = key_of_file(announcement);
  // Two parts of a file may be the same bytes, and are two.
  if (!announcement.partial) return key;
  const auto part = part_of(announcement);
  if (part && part->number) key += fmt::format(",part {} of {}", *part->number, part->blocks.size());
  return key;
}

}  // namespace simplevisor::sarra
