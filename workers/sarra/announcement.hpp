// workers/sarra/announcement.hpp
//
// What one notification message says: there is a file (or a directory, a link, a removal), here, of this size and with
// this checksum; perhaps with the data itself.
//
// Semantics  the v03 format of Sarracenia; v02 is read into the same model (wire.hpp).
// Times      as text, in v03 form (time.hpp).
// Unknown    fields that nobody here knows are kept as their JSON text: numbers are not reformatted.
// Threads    plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simplevisor::sarra {

struct Identity {
  std::string method;  // md5, sha512, random, arbitrary, cod (calculated on download), md5name, ...
  std::string value;   // of checksums base64
  bool bare = false;   // written as one text, "cod,sha512"
  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Content {
  std::string encoding;  // utf-8, base64, iso-8859-1
  std::string value;
  friend bool operator==(const Content&, const Content&) = default;
};

struct Announcement {
  std::string pub_time;
  std::string base_url;
  std::string rel_path;
  std::optional<std::string> retrieve_path = {};  // where to get it below base_url, if not at rel_path
  std::optional<Identity> identity = {};
  std::map<std::string, std::string> file_op = {};  // link, directory, remove, rename, hlink; empty: a file
  std::optional<std::uint64_t> size = {};
  std::optional<std::string> mtime = {}, atime = {}, mode = {}, content_type = {}, source = {};
  std::optional<std::string> topic = {};  // the routing key to use, if it is not the path's
  std::optional<Content> content = {};
  bool partial = false;  // a part of a file (part.hpp): which is said by blocks or parts among the others
  std::vector<std::pair<std::string, std::string>> others = {};  // name and JSON text

  friend bool operator==(const Announcement&, const Announcement&) = default;
};

// `base` and `path` with exactly one slash where they meet.
[[nodiscard]] std::string joined(std::string_view base, std::string_view path);

// What patterns are matched against; `path` is rel_path, or the old name of a renaming.
[[nodiscard]] std::string match_url(const Announcement& announcement, std::string_view path);

// Where to get the data: percent-encoded where a path is not a URL yet.
[[nodiscard]] std::string download_url(const Announcement& announcement);

// By which announcements of the same thing are known: together with rel_path.
[[nodiscard]] std::string duplicate_key(const Announcement& announcement);

}  // namespace simplevisor::sarra
