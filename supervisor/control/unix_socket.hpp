// supervisor/control/unix_socket.hpp
//
// Listening on, connecting to and asking about a unix stream socket, with nothing but system calls.
//
// Paths      may be longer than the 107 bytes of sockaddr_un: then the directory is opened and the socket is
//            addressed through /proc/self/fd, which both ends may do independently.
// Errors     errno as std::error_code. Every descriptor is close-on-exec.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::control {

using Fd = runtime::UniqueFd;

// Binds a new socket file of mode 0600 (less the umask) and listens on it, non-blocking. `address_in_use`
// when the path exists, whatever it is.
std::expected<Fd, std::error_code> listen_on(const std::string& path, int backlog);

// Connects, blocking; the wait for a full backlog to drain is bounded by `timeout`, and ends in `timed_out`.
std::expected<Fd, std::error_code> connect_to(const std::string& path,
                                              std::optional<std::chrono::milliseconds> timeout);

// Lets every user connect to a socket file; who may do what is then for peer_of() to say.
std::expected<void, std::error_code> open_to_all(const std::string& path);

// All groups of who is at the other end of an accepted socket.
std::vector<gid_t> groups_of(int fd);

// Who is at the other end: of an accepted socket who connected, of a connected one who called listen().
std::expected<ucred, std::error_code> peer_of(int fd);

}  // namespace simplevisor::control
