// workers/sarra/patterns.hpp
//
// Which announcements a subscriber wants: an ordered list of "accept REGEX" and "reject REGEX".
//
// Decision   each expression is matched from the start of the URL (base URL and path); the first that matches decides. None:
//            `accept_unmatched`.
// Renaming   the old name is decided too: when the new one is not wanted and the old one was, what is left of the
//            announcement is that the old one is gone.
// Syntax     RE2's, in which time is linear in the URL; it has no look-around and no back references, and says so.
// Errors     an expression that is none, or takes too much memory: one line that names it.
// Threads    const after construction.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "workers/sarra/announcement.hpp"

namespace re2 {
class RE2;
}

namespace simplevisor::sarra {

class Patterns {
 public:
  enum class Decision : std::uint8_t { accept, reject, accept_removal_of_old_name };

  // Each line "accept REGEX" or "reject REGEX".
  static std::expected<Patterns, std::string> parse(std::span<const std::string> lines,
                                                    bool accept_unmatched);

  [[nodiscard]] Decision decide(const Announcement& announcement) const;

 private:
  struct Pattern {
    bool accepts = true;
    std::shared_ptr<const re2::RE2> expression;
  };
  [[nodiscard]] const Pattern* first_match(const std::string& url) const;

  std::vector<Pattern> patterns_;
  bool accept_unmatched_ = true;
};

}  // namespace simplevisor::sarra
