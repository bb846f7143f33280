#include "workers/sarra/post.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/time.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using Failed = std::unexpected<std::string>;

Failed failed(const std::string& path, int error = errno) {
  return Failed(fmt::format("{}: {}", path, std::strerror(error)));
}

std::string time_of(const timespec& time) {
  return format_time(Time{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}});
}

std::expected<std::string, std::string> path_below(const std::string& path, const std::string& base) {
  const fs::path below =
      fs::absolute(path).lexically_normal().lexically_relative(fs::absolute(base).lexically_normal());
  std::string text = below.string();
  while (text.ends_with('/')) text.pop_back();
  if (text.empty() || text == "." || text.starts_with("..")) {
    return Failed(fmt::format("{}: is not below {}", path, base));
  }
  if (message::first_invalid_utf8(text)) return Failed(fmt::format("{}: its name is not UTF-8", path));
  return text;
}

// The file's size and checksum, and its data as long as it is below the limit.
std::expected<void, std::string> read_file(Announcement& to, const std::string& path,
                                           const PostOptions& options) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return failed(path);
  auto digest = Digest::of(options.identity);
  std::string data;
  std::uint64_t size = 0;
  std::array<char, 65536> piece{};
  ssize_t got = 0;
  while ((got = ::read(file, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got < 0) continue;
    const std::string_view bytes{piece.data(), static_cast<std::size_t>(got)};
    size += bytes.size();
    if (digest) digest->update(bytes);
    if (size < options.inline_bytes_max) data += bytes;
  }
  const int error = errno;
  ::close(file);
  if (got < 0) return failed(path, error);
  to.size = size;
  if (digest)
    to.identity = Identity{options.identity, message::base64(digest->finish()), false};
  else
    to.identity = Identity{"cod", "sha512", true};
  if (size >= options.inline_bytes_max) return {};
  to.content =
      message::first_invalid_utf8(data) ? Content{"base64", message::base64(data)} : Content{"utf-8", data};
  return {};
}

}  // namespace

std::expected<Announcement, std::string> announcement_of(const std::string& path,
                                                         const PostOptions& options) {
  auto below = path_below(path, options.base_directory);
  if (!below) return Failed(std::move(below).error());
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return failed(path);
  Announcement made{.pub_time = format_time(std::chrono::system_clock::now()),
                    .base_url = options.base_url,
                    .rel_path = *std::move(below)};
  if (!options.source.empty()) made.source = options.source;
  if (S_ISLNK(status.st_mode)) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    if (error) return Failed(fmt::format("{}: {}", path, error.message()));
    if (message::first_invalid_utf8(target.string()))
      return Failed(fmt::format("{}: its target is not UTF-8", path));
    made.file_op = {{"link", target.string()}};
    return made;
  }
  made.mode = fmt::format("{:o}", status.st_mode & 0777U);
  if (S_ISDIR(status.st_mode)) {
    made.file_op = {{"directory", ""}};
    made.content_type = "text/directory";
    return made;
  }
  if (!S_ISREG(status.st_mode))
    return Failed(fmt::format("{}: neither a file, a directory nor a link", path));
  made.mtime = time_of(status.st_mtim);
  made.atime = time_of(status.st_atim);
  if (auto done = read_file(made, path, options); !done) return Failed(std::move(done).error());
  return made;
}

std::expected<std::vector<std::string>, std::string> with_all_below(const std::string& path) {
  std::vector<std::string> all{path};
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error))) return all;
  for (fs::recursive_directory_iterator at{path, error}; !error && at != fs::recursive_directory_iterator{};
       at.increment(error)) {
    all.push_back(at->path().string());
  }
  if (error) return Failed(fmt::format("{}: {}", path, error.message()));
  std::ranges::sort(all);
  return all;
}

}  // namespace simplevisor::sarra
