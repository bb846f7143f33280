#include "workers/sarra/patterns.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

namespace simplevisor::sarra {
namespace {

constexpr std::size_t patterns_max = 10'000;
constexpr std::int64_t memory_bytes_max = 8 << 20;

}  // namespace

std::expected<Patterns, std::string> Patterns::parse(std::span<const std::string> lines,
                                                     bool accept_unmatched) {
  if (lines.size() > patterns_max) return std::unexpected(fmt::format("more than {} patterns", patterns_max));
  Patterns made;
  made.accept_unmatched_ = accept_unmatched;
  for (const std::string& line : lines) {
    const bool accepts = line.starts_with("accept ");
    if (!accepts && !line.starts_with("reject ")) {
      return std::unexpected(
          fmt::format("\"{}\" is neither \"accept REGEX\" nor \"reject REGEX\"", line.substr(0, 100)));
    }
    const std::size_t begin = line.find_first_not_of(' ', 7);
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memory_bytes_max);
    auto expression = std::make_shared<RE2>(begin == std::string::npos ? "" : line.substr(begin), options);
    if (!expression->ok())
      return std::unexpected(fmt::format("\"{}\": {}", line.substr(0, 100), expression->error()));
    made.patterns_.push_back({accepts, std::move(expression)});
  }
  return made;
}

const Patterns::Pattern* Patterns::first_match(const std::string& url) const {
  for (const Pattern& pattern : patterns_) {
    if (pattern.expression->Match(url, 0, url.size(), RE2::ANCHOR_START, nullptr, 0)) return &pattern;
  }
  return nullptr;
}

Patterns::Decision Patterns::decide(const Announcement& announcement) const {
  const Pattern* const found = first_match(match_url(announcement, announcement.rel_path));
  if (found != nullptr ? found->accepts : accept_unmatched_) return Decision::accept;
  const auto renamed = announcement.file_op.find("rename");
  if (renamed == announcement.file_op.end()) return Decision::reject;
  const Pattern* const old = first_match(match_url(announcement, renamed->second));
  return old != nullptr && old->accepts ? Decision::accept_removal_of_old_name : Decision::reject;
}

}  // namespace simplevisor::sarra
