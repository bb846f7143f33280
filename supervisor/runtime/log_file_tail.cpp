// supervisor/runtime/log_file_tail.cpp
#include "supervisor/runtime/log_file_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

namespace {

struct OpenLog {
  UniqueFd file;
  struct stat is{};
};

OpenLog open_log(const std::string& path) {
  OpenLog log{UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)}, {}};
  if (log.file && (::fstat(log.file.get(), &log.is) != 0 || !S_ISREG(log.is.st_mode))) log.file.reset();
  return log;
}

std::string last_bytes(const OpenLog& log, std::size_t bytes_max) {
  if (!log.file) return {};
  std::string bytes(std::min<std::size_t>(bytes_max, static_cast<std::size_t>(log.is.st_size)), '\0');
  const off_t from = log.is.st_size - static_cast<off_t>(bytes.size());
  const ssize_t got = ::pread(log.file.get(), bytes.data(), bytes.size(), from);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

// Where the last `lines` lines of `text` begin; npos when it holds fewer.
std::size_t start_of_last(const std::string& text, std::size_t lines) {
  std::size_t at = text.ends_with('\n') ? text.size() - 1 : text.size();
  for (; lines > 0; --lines) {
    if (at == 0) return std::string::npos;
    at = text.rfind('\n', at - 1);
    if (at == std::string::npos) return at;
  }
  return at + 1;
}

}  // namespace

std::string last_lines(const std::string& path, std::size_t lines, std::size_t bytes_max) {
  if (lines == 0 || bytes_max == 0) return {};
  const OpenLog current = open_log(path);
  std::string text = last_bytes(current, bytes_max);
  if (text.size() < bytes_max && start_of_last(text, lines) == std::string::npos) {
    // Rotated while we looked: then the file before it is the one we have read.
    const OpenLog before = open_log(path + ".1");
    if (!current.file || before.is.st_ino != current.is.st_ino) {
      text.insert(0, last_bytes(before, bytes_max - text.size()));
    }
  }
  std::size_t from = start_of_last(text, lines);
  if (from == std::string::npos && text.size() == bytes_max) {
    const std::size_t end_of_cut_line = text.find('\n');
    if (end_of_cut_line < text.size() - 1) from = end_of_cut_line + 1;
  }
  return from == std::string::npos ? text : text.substr(from);
}

}  // namespace simplevisor::runtime
