// workers/sarra/part.hpp
//
// A part of a file, as an announcement names one: which of how many, where it begins and ends, and what is known of the others.
//
// Written    v03 `blocks`: with a manifest of all parts (sr3), or with size, count and remainder (before it); v02 and early v03
//            `parts`: "i,SIZE,COUNT,REMAINDER,NUMBER", or p. Numbers may be texts. `blocks` wins over `parts`.
// Method     inplace: a range of the file that is announced. partitioned, or separate as sr3 says of what it has downloaded: a
//            file of its own, NAME§block_0003,50m_§, or as of old NAME.SIZE.COUNT.REMAINDER.NUMBER.LETTER.Part.
// Checksum   that of a part is in the manifest, or the announcement's own. That of the whole file only if `blocks` has an
//            `identity`, which is ours: sr3 has none, and does not mind.
// Bounds     parts_max parts, none of them empty, and a file whose size is a number of 63 bits.
// Errors     one line.
// Threads    values.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/sarra/announcement.hpp"

namespace simplevisor::sarra {

// sr3 numbers the files of parts with four digits; and each announcement has all of the manifest.
inline constexpr std::size_t parts_max = 10'000;

struct Part {
  struct Block {
    std::uint64_t size = 0;
    std::string checksum = {};  // base64, by the announcement's method; empty: not known
    friend bool operator==(const Block&, const Block&) = default;
  };
  bool inplace = true;
  std::string path;                   // of the whole file
  std::optional<std::size_t> number;  // nothing: all of them
  std::uint64_t block_size = 0;       // of all but the last, where they are equal
  std::vector<Block> blocks = {};
  std::string method = {};  // of the checksums; empty: there are none
  std::optional<Identity> whole = {};

  [[nodiscard]] std::uint64_t offset(std::size_t of) const;
  [[nodiscard]] std::uint64_t total() const { return offset(blocks.size()); }
  // What the checksum of that part has to be.
  [[nodiscard]] std::optional<Identity> identity(std::size_t of) const;
  // All but the last of them have `block_size`, and the last has not more.
  [[nodiscard]] bool even() const;
};

// Only of an announcement that is `partial`.
[[nodiscard]] std::expected<Part, std::string> part_of(const Announcement& announcement);

// By which the announcements of the parts of one version of a file are known to belong together. Nothing: they say too little
// for parts of two versions to be told apart.
[[nodiscard]] std::optional<std::string> version_of(const Announcement& announcement, const Part& part);

// The two ways of writing it. `parts` fails where the parts are not of one size.
[[nodiscard]] std::string blocks_field(const Part& part, std::size_t number, std::string_view manifest);
[[nodiscard]] std::string manifest_of(const Part& part);  // which is the same for all of them
[[nodiscard]] std::expected<std::string, std::string> parts_field(const Part& part);

}  // namespace simplevisor::sarra
