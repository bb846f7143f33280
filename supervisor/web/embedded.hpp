// supervisor/web/embedded.hpp
//
// The files of dist/ as CMakeLists.txt has the assembler take them in; the table is made there.
#pragma once

#include <span>
#include <string_view>

namespace simplevisor::web {

struct Embedded {
  std::string_view path;  // "/assets/page.js"
  std::string_view plain;
  std::string_view packed;  // by gzip
  std::string_view plain_etag;
  std::string_view packed_etag;
};

[[nodiscard]] std::span<const Embedded> embedded();

}  // namespace simplevisor::web
