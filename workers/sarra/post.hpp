// workers/sarra/post.hpp
//
// The announcement of a file, a directory or a symbolic link that is there.
//
// Path       below `base_directory`, which is what `base_url` stands for; what is not below it is refused.
// Data       files below `inline_bytes_max` come along: as text if they are UTF-8, else as base64.
// Checksum   sha512 unless another method is said; "cod" leaves it to whoever downloads.
// Read once  size, checksum and data are of the same bytes. A file that grows meanwhile is announced as it was read.
// Errors     one line that names the file.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "workers/sarra/announcement.hpp"

namespace simplevisor::sarra {

struct PostOptions {
  std::string base_url;
  std::string base_directory;
  std::string source;  // empty: not said
  std::string identity = "sha512";
  std::uint64_t inline_bytes_max = 0;  // 0: never
};

[[nodiscard]] std::expected<Announcement, std::string> announcement_of(const std::string& path,
                                                                       const PostOptions& options);

// `path` and, if it is a directory, everything below it, in order; symbolic links are not followed.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> with_all_below(const std::string& path);

}  // namespace simplevisor::sarra
