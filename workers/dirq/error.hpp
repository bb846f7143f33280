// workers/dirq/error.hpp
//
// What can go wrong with a directory queue, in the classes a caller acts on.
//
// Errors     `code` is what callers branch on; `error` is the errno behind it (0: none); `message` is one
//            line that names the call and the path: "link /q/6500/x to /q/6500/x.lck: Permission denied".
// Threads    a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace simplevisor::dirq {

enum class Errc : std::uint8_t {
  busy,              // the element is locked by another
  gone,              // the element, or the file handed in, is not there (any more)
  lost_lock,         // our lock was broken, and perhaps taken by another: nothing was changed
  no_space,          // ENOSPC, EDQUOT: passes; retry with a delay
  permission,        // EPERM, EACCES, EROFS: stays until somebody acts
  descriptor_limit,  // EMFILE, ENFILE: passes
  cross_device,      // EXDEV: add_path needs a file on the queue's own filesystem
  malformed,         // a name that is no element name, an option out of range
  no_queue,          // the queue directory does not exist, or is not a directory
  too_large,         // the element exceeds the limit given to get()
  other,
};

// The code's own name, for output: "busy", "lost_lock", ...
std::string_view to_string(Errc code) noexcept;

struct Error {
  Errc code = Errc::other;
  int error = 0;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

// What a pass over a queue could not take, and nobody else has: elements of another user, directories among files.
struct PassedBy {
  Error first;
  std::size_t elements = 0;

  void count(Error error) {
    if (elements++ == 0) first = std::move(error);
  }
};
// True for errors that say something about one element and nothing about the next.
bool concerns_one_element(int error) noexcept;

// The class an errno belongs to. ENOENT is `gone`, EEXIST is `busy`.
Errc classify(int error) noexcept;

// The failure of one system call on one path: "CALL PATH: text of errno".
std::unexpected<Error> failed(std::string_view call, std::string_view path, int error);
std::unexpected<Error> failed(Errc code, std::string message);

}  // namespace simplevisor::dirq
