#include "workers/broker/small_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "workers/service/small_file.hpp"

namespace simplevisor::broker {
namespace {

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

Result<std::vector<std::string>> meaningful_lines(const std::string& path, const char* what,
                                                  std::size_t bytes_max) {
  const auto content = service::read_small_file(path, bytes_max);
  if (!content) return misconfigured(fmt::format("{} file \"{}\": {}", what, path, content.error()));

  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < content->size();) {
    const std::size_t end = std::min(content->find('\n', begin), content->size());
    const std::string_view line = trimmed(std::string_view{*content}.substr(begin, end - begin));
    if (!line.empty() && line.front() != '#') lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

}  // namespace simplevisor::broker
