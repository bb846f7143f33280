// supervisor/web/bundle.hpp
//
// The web page, compiled in: what is in dist/, as it is and packed by gzip.
//
// Paths      "/" is the page itself, "/assets/..." what it asks for. Nothing else is ours.
// Caching    the etag changes with the bytes, packed or not; names do not, so a browser has to ask again.
// Memory     nothing is copied: every view is of the program's own constant data.
// Threads    any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace simplevisor::web {

struct File {
  std::string_view content_type;
  std::string_view bytes;
  std::string_view etag;      // as in the header, with its quotes
  std::string_view encoding;  // "gzip"; "" for none
};

enum class Accepts : std::uint8_t { plain, gzip };

// `path`: of the request, without its query. Packed only where that is shorter.
[[nodiscard]] std::optional<File> find(std::string_view path, Accepts accepts = Accepts::plain);

// Every path that find() knows.
[[nodiscard]] std::vector<std::string_view> paths();

}  // namespace simplevisor::web
