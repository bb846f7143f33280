#include "supervisor/runtime/logs/compressed_lines.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "supervisor/runtime/logs/stored_line.hpp"

namespace simplevisor::runtime::logs {
namespace {

constexpr std::size_t block_bytes = std::size_t{64} << 10;

struct Close {
  void operator()(gzFile file) const { ::gzclose_r(file); }
};

// A descriptor of its own, which zlib closes.
std::unique_ptr<gzFile_s, Close> open_gzip(int file) {
  const int own = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return nullptr;
  std::unique_ptr<gzFile_s, Close> opened{::gzdopen(own, "rb")};
  if (!opened) ::close(own);
  return opened;
}

}  // namespace

std::uint64_t for_each_line(int gzip_file, const std::function<bool(std::string& line)>& take) {
  const auto opened = open_gzip(gzip_file);
  if (!opened) return 0;
  const auto block = std::make_unique_for_overwrite<char[]>(block_bytes);
  std::uint64_t unpacked = 0;
  std::string line;
  for (;;) {
    const int got = ::gzread(opened.get(), block.get(), block_bytes);
    if (got <= 0) break;
    unpacked += static_cast<std::uint64_t>(got);
    std::string_view rest{block.get(), static_cast<std::size_t>(got)};
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      line += rest.substr(0, std::min(end, line_bytes_shown_max - line.size()));
      if (end == rest.size()) break;
      if (!take(line)) return unpacked;
      line.clear();
      rest.remove_prefix(end + 1);
    }
  }
  if (!line.empty()) take(line);
  return unpacked;
}

}  // namespace simplevisor::runtime::logs
