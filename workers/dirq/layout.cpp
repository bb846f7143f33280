// workers/dirq/layout.cpp
#include "workers/dirq/layout.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "workers/dirq/normal/volatiles.hpp"

namespace simplevisor::dirq {

Layout detect_layout(const std::string& path) {
  const bool normal = std::ranges::all_of(std::array{temporary_name, obsolete_name}, [&](const char* name) {
    std::error_code ignored;
    return std::filesystem::is_directory(below(path, name), ignored);
  });
  return normal ? Layout::normal : Layout::simple;
}

}  // namespace simplevisor::dirq
