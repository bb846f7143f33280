// workers/sarra/bindings.hpp
//
// What a queue is bound to besides one exchange: in sr3's configuration, lines of `exchange` with the lines of `subtopic` that
// follow each.
//
// Forms      "EXCHANGE:SUBTOPIC", split at the first colon; or a table of `exchange`, `subtopic` (a text or a list; none: all) and
//            `prefix`, what topics begin with (none: as for all). One of them, or a list.
// Bounds     at most 1000.
// Errors     words that follow the setting's name.
// Threads    a free function without state.
#pragma once

#include <boost/json/value.hpp>
#include <expected>
#include <string>
#include <vector>

namespace simplevisor::sarra {

struct Binding {
  std::string exchange;
  std::string prefix = {};
  std::vector<std::string> subtopics = {};
  friend bool operator==(const Binding&, const Binding&) = default;
};

[[nodiscard]] std::expected<std::vector<Binding>, std::string> parse_bindings(
    const boost::json::value& value);

}  // namespace simplevisor::sarra
