// workers/sarra/fetch.hpp
//
// Does what one announcement says below a directory: downloads the file or takes the data that came along, verifies size and
// checksum, and puts it in place; or makes the directory or link, removes, renames.
//
// Verified   the size if it is said, and the checksum if its method can be calculated, before the file gets its name. A file
//            that is not what was announced leaves nothing behind.
// Parts      of a file are fetched each by itself; the file gets its name when all are in (assembly.hpp).
// Outcome    Temporary trouble may pass by itself (server, network, disk space); after `retry_ttl` since the announcement it
//            does not count as such any more. Everything else fails, this one file only.
// Again      doing the same announcement twice changes nothing.
// Threads    a fetcher belongs to one thread; any number may share a directory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "workers/sarra/announcement.hpp"
#include "workers/sarra/download.hpp"
#include "workers/sarra/option_table.hpp"
#include "workers/sarra/tree.hpp"

namespace simplevisor::sarra {

struct FetchSettings {
  std::string directory;
  DownloadOptions download;
  Size bytes_max{std::uint64_t{1} << 30U};
  std::chrono::milliseconds retry_delay{10'000};
  std::chrono::milliseconds retry_ttl{86'400'000};
  std::chrono::milliseconds parts_ttl{86'400'000};
  bool verify_parts = true;
  // What is just being fetched is not given up.
  [[nodiscard]] std::chrono::milliseconds unfinished_max() const {
    return std::max(parts_ttl, download.timeout);
  }
  std::uint64_t window = 4;  // downloads at a time
};

[[nodiscard]] OptionTable fetch_options(FetchSettings& settings);
// What single values cannot show. The problems, one line each.
[[nodiscard]] std::vector<std::string> contradictions(const FetchSettings& settings);

class Assembly;
struct Part;

class Fetcher {
 public:
  Fetcher(const FetchSettings& settings, Tree tree)
      : settings_{settings}, tree_{std::move(tree)}, downloader_{settings.download} {}

  // `body`: a v03 announcement.
  std::expected<void, Trouble> fetch(std::string_view body);

 private:
  std::expected<void, Trouble> act(const Announcement& announcement);
  std::expected<void, Trouble> operate(const Announcement& announcement);
  std::expected<void, Trouble> get_file(const Announcement& announcement);
  std::expected<void, Trouble> get_part(const Announcement& announcement);
  std::expected<void, Trouble> get_block(const Announcement& announcement, const Part& part,
                                         std::size_t number, Assembly& assembly);
  // With the path in front of its reason, unless that is in it.
  static std::expected<void, Trouble> named(const Announcement& announcement,
                                            std::expected<void, Trouble> outcome);

  FetchSettings settings_;
  Tree tree_;
  Downloader downloader_;
};

}  // namespace simplevisor::sarra
