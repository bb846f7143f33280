#include "workers/sarra/post.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

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

// Sums up each `size` bytes by themselves.
class BlockSums {
 public:
  explicit BlockSums(const PostOptions& options) : method_{options.identity}, size_{options.block_bytes} {}

  void take(std::string_view bytes) {
    while (size_ > 0 && !bytes.empty() && blocks_.size() <= parts_max) {
      if (blocks_.empty() || blocks_.back().size == size_) {
        close();
        blocks_.push_back({});
        digest_ = Digest::of(method_);
      }
      const std::string_view now = bytes.substr(0, size_ - blocks_.back().size);
      if (digest_) digest_->update(now);
      blocks_.back().size += now.size();
      bytes.remove_prefix(now.size());
    }
  }
  std::vector<Part::Block> finish() {
    close();
    return std::move(blocks_);
  }

 private:
  void close() {
    if (digest_) blocks_.back().checksum = message::base64(digest_->finish());
    digest_.reset();
  }

  std::string method_;
  std::uint64_t size_;
  std::optional<Digest> digest_;
  std::vector<Part::Block> blocks_;
};

// The file's size and checksum, and its data as long as it is below the limit; its parts, if it is larger than one.
std::expected<std::optional<Part>, std::string> read_file(Announcement& to, const std::string& path,
                                                          const PostOptions& options) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return failed(path);
  auto digest = Digest::of(options.identity);
  BlockSums sums{options};
  std::string data;
  std::uint64_t size = 0;
  std::array<char, 65536> piece{};
  ssize_t got = 0;
  while ((got = ::read(file, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got < 0) continue;
    const std::string_view bytes{piece.data(), static_cast<std::size_t>(got)};
    size += bytes.size();
    if (digest) digest->update(bytes);
    sums.take(bytes);
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
  if (options.block_bytes > 0 && size > options.block_bytes) {
    Part part{.path = to.rel_path, .number = 0, .block_size = options.block_bytes, .blocks = sums.finish()};
    if (part.blocks.size() > parts_max)
      return Failed(fmt::format("{}: would be more than {} parts: block-size is too small", path, parts_max));
    part.method = options.identity;
    part.whole = to.identity;
    return part;
  }
  if (size >= options.inline_bytes_max) return std::nullopt;
  to.content =
      message::first_invalid_utf8(data) ? Content{"base64", message::base64(data)} : Content{"utf-8", data};
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_no_base_url(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts{curl_url(), &curl_url_cleanup};
  if (!parts) return "no memory to look at it";
  if (const CURLUcode wrong = curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME);
      wrong != CURLUE_OK) {
    return fmt::format("is no URL, such as https://host/directory/: {}", curl_url_strerror(wrong));
  }
  char* password = nullptr;
  if (curl_url_get(parts.get(), CURLUPART_PASSWORD, &password, 0) != CURLUE_OK) return std::nullopt;
  curl_free(password);
  return "has a password, which everybody would be told; whoever downloads needs one of its own";
}

Posting::Posting(Announcement announcement, std::optional<Part> part)
    : announcement_{std::move(announcement)}, part_{std::move(part)} {
  if (part_) manifest_ = manifest_of(*part_);
}

Announcement Posting::at(std::size_t number) const {
  Announcement made = announcement_;
  if (!part_) return made;
  made.partial = true;
  made.size = part_->blocks[number].size;
  made.identity = part_->identity(number);
  made.others.emplace_back("blocks", blocks_field(*part_, number, manifest_));
  return made;
}

std::expected<Announcement, std::string> announcement_of(const std::string& path,
                                                         const PostOptions& options) {
  PostOptions whole = options;
  whole.block_bytes = 0;
  const auto posting = posting_of(path, whole);
  if (!posting) return Failed(posting.error());
  return posting->at(0);
}

std::expected<Posting, std::string> posting_of(const std::string& path, const PostOptions& options) {
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
    return Posting{std::move(made)};
  }
  made.mode = fmt::format("{:o}", status.st_mode & 0777U);
  if (S_ISDIR(status.st_mode)) {
    made.file_op = {{"directory", ""}};
    made.content_type = "text/directory";
    return Posting{std::move(made)};
  }
  if (!S_ISREG(status.st_mode))
    return Failed(fmt::format("{}: neither a file, a directory nor a link", path));
  made.mtime = time_of(status.st_mtim);
  made.atime = time_of(status.st_atim);
  auto part = read_file(made, path, options);
  if (!part) return Failed(std::move(part).error());
  return Posting{std::move(made), *std::move(part)};
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
