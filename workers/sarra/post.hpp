// workers/sarra/post.hpp
//
// The announcement of a file, a directory or a symbolic link that is there.
//
// Path       below `base_directory`, which is what `base_url` stands for; what is not below it is refused.
// Data       files below `inline_bytes_max` come along: as text if they are UTF-8, else as base64.
// Checksum   sha512 unless another method is said; "cod" leaves it to whoever downloads.
// Read once  size, checksum and data are of the same bytes. A file that grows meanwhile is announced as it was read.
// Parts      a file larger than `block_bytes` is announced in parts of that size, each with its checksum, and with that of the
//            whole.
// Errors     one line that names the file.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "workers/sarra/announcement.hpp"
#include "workers/sarra/part.hpp"

namespace simplevisor::sarra {

struct PostOptions {
  std::string base_url;
  std::string base_directory;
  std::string source;  // empty: not said
  std::string identity = "sha512";
  std::uint64_t inline_bytes_max = 0;  // 0: never
  std::uint64_t block_bytes = 0;       // 0: always whole
};

// What is wrong with `url`, which everybody is told: it must be one, and without a password.
[[nodiscard]] std::optional<std::string> why_no_base_url(const std::string& url);

// What there is to say of one path: one announcement, or one of each part, made when its turn comes, since each has the
// checksums of all of them.
class Posting {
 public:
  explicit Posting(Announcement announcement, std::optional<Part> part = std::nullopt);
  [[nodiscard]] std::size_t count() const { return part_ ? part_->blocks.size() : 1; }
  [[nodiscard]] Announcement at(std::size_t number) const;

 private:
  Announcement announcement_;
  std::optional<Part> part_;
  std::string manifest_;
};

[[nodiscard]] std::expected<Posting, std::string> posting_of(const std::string& path,
                                                             const PostOptions& options);

// Of the whole.
[[nodiscard]] std::expected<Announcement, std::string> announcement_of(const std::string& path,
                                                                       const PostOptions& options);

// `path` and, if it is a directory, everything below it, in order; symbolic links are not followed.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> with_all_below(const std::string& path);

}  // namespace simplevisor::sarra
