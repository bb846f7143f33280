// workers/dirq/error.cpp
#include "workers/dirq/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace simplevisor::dirq {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::busy:
      return "busy";
    case Errc::gone:
      return "gone";
    case Errc::lost_lock:
      return "lost_lock";
    case Errc::no_space:
      return "no_space";
    case Errc::permission:
      return "permission";
    case Errc::descriptor_limit:
      return "descriptor_limit";
    case Errc::cross_device:
      return "cross_device";
    case Errc::malformed:
      return "malformed";
    case Errc::no_queue:
      return "no_queue";
    case Errc::too_large:
      return "too_large";
    case Errc::other:
      return "other";
  }
  std::unreachable();
}

Errc classify(int error) noexcept {
  switch (error) {
    case EEXIST:
      return Errc::busy;
    case ENOENT:
      return Errc::gone;
    case ENOSPC:
    case EDQUOT:
      return Errc::no_space;
    case EPERM:
    case EACCES:
    case EROFS:
      return Errc::permission;
    case EMFILE:
    case ENFILE:
      return Errc::descriptor_limit;
    case EXDEV:
      return Errc::cross_device;
    default:
      return Errc::other;
  }
}

std::unexpected<Error> failed(std::string_view call, std::string_view path, int error) {
  return std::unexpected(Error{classify(error), error,
                               fmt::format("{} {}: {}", call, path, std::generic_category().message(error))});
}

bool concerns_one_element(int error) noexcept {
  return error == EPERM || error == EACCES || error == EMLINK || error == EISDIR;
}

std::unexpected<Error> failed(Errc code, std::string message) {
  return std::unexpected(Error{code, 0, std::move(message)});
}

}  // namespace simplevisor::dirq
