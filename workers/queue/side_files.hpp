// workers/queue/side_files.hpp
//
// Small JSON files about elements, kept in a directory of ours inside a queue's directory: how often an
// element has failed (TOP/.attempts), why a dead letter is dead (TOP/.reasons). Every implementation of
// directory queues ignores such a directory; nothing foreign may be put beside the elements themselves.
//
// Form       one file an element, named DDDDDDDD-EEEEEEEEEEEEEE, one JSON object; replaced by rename, so a
//            reader sees the old one or the new one. One that cannot be read counts as not there.
// Who        whoever holds the lock of the element; so no two write the same file.
// Bounds     one file for each element that failed and is still there; purge() removes those of elements that
//            are gone.
// Errors     the errno of the call that failed.
// Threads    one at a time.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

#include "workers/dirq/name.hpp"

namespace simplevisor::queue {

inline constexpr std::string_view attempts_directory = ".attempts";
inline constexpr std::string_view reasons_directory = ".reasons";

struct Record {
  unsigned failures = 0;
  std::string reason;  // of the last failure; cut to 1 KiB when written
  // Of a dead letter: where it came from.
  std::string queue;
  std::string element;
};

class SideFiles {
 public:
  SideFiles(std::string_view queue_path, std::string_view directory);

  [[nodiscard]] Record load(const dirq::ElementName& name) const;  // failures 0: no record
  std::error_code store(const dirq::ElementName& name, const Record& record) const;
  void remove(const dirq::ElementName& name) const;

  // Removes the records of elements of which `exists` says no, and what writers that were killed left behind.
  // Returns how many.
  std::size_t purge(const std::function<bool(const dirq::ElementName&)>& exists) const;

  [[nodiscard]] std::string path_of(const dirq::ElementName& name) const;

 private:
  std::string directory_;
};

}  // namespace simplevisor::queue
