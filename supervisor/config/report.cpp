// supervisor/config/report.cpp
#include "supervisor/config/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/config/keys.hpp"

namespace simplevisor::config {
namespace {

constexpr std::size_t complaints_max = 10'000;
constexpr std::size_t part_bytes_max = 80;

// As TOML would write it, with what cannot be printed replaced: a complaint is one line.
std::string shown(std::string_view name) {
  const auto bare = [](char c) { return is_node_name(std::string_view{&c, 1}) || c == '-'; };
  if (!name.empty() && name.size() <= part_bytes_max && std::ranges::all_of(name, bare))
    return std::string{name};
  std::string text = "\"";
  for (const char c : name.substr(0, part_bytes_max)) {
    text += static_cast<unsigned char>(c) < ' ' || c == 127 || c == '"' ? '?' : c;
  }
  return text + (name.size() > part_bytes_max ? "...\"" : "\"");
}

}  // namespace

std::string KeyPath::text() const {
  std::string text = parent == nullptr ? std::string{} : parent->text();
  if (index >= 0) return text + fmt::format("[{}]", index);
  if (!text.empty()) text += '.';
  return text + shown(name);
}

void Report::add(Where where, std::string key, std::string message, std::string_view nearest) {
  ++added_;
  if (entries_.size() == complaints_max) return;
  entries_.push_back({where, std::move(key), std::move(message), std::string{nearest}});
}

std::vector<Complaint> Report::complaints(std::span<const std::string> files) && {
  std::ranges::stable_sort(entries_, {}, &Entry::where);
  const auto repeated = std::ranges::unique(entries_);
  entries_.erase(repeated.begin(), repeated.end());
  std::vector<Complaint> all;
  all.reserve(entries_.size() + 1);
  for (Entry& entry : entries_) {
    all.push_back({files[entry.where.file], entry.where.line, entry.where.column, std::move(entry.key),
                   std::move(entry.message), std::move(entry.nearest)});
  }
  if (added_ > complaints_max)
    all.push_back({files[0], 0, 0, {}, fmt::format("more than {} complaints", complaints_max), {}});
  return all;
}

}  // namespace simplevisor::config
