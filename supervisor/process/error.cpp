#include "supervisor/process/error.hpp"

#include <cerrno>
#include <utility>

namespace simplevisor::process {

Error system_error(int error, std::string message) {
  std::error_code cause{error, std::generic_category()};
  Errc code = Errc::system;
  if (error == ENOENT || error == ENOTDIR) code = Errc::not_found;
  if (error == EACCES || error == EPERM || error == EROFS) code = Errc::not_permitted;
  message += ": " + cause.message();
  return Error{code, std::move(message), cause};
}

}  // namespace simplevisor::process
