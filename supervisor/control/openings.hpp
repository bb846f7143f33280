// supervisor/control/openings.hpp
//
// What a server opens before it has a thread: its sockets, its token, its certificate.
//
// Errors     say which file or address, what failed and why. Nothing stays behind of what fails.
// Threads    that of the one who opens the server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/control/gate.hpp"
#include "supervisor/control/server.hpp"
#include "supervisor/control/tls_identity.hpp"
#include "supervisor/control/unix_socket.hpp"

namespace simplevisor::control {

// Listens, in the place of a socket file that a supervisor which was killed left behind. Two that do this at
// the same time are kept apart by the lock on the state directory.
std::expected<Fd, ServerError> listen_in_place(const std::string& path);

// The same, and lets every user connect.
std::expected<Fd, ServerError> listen_for_all(const std::string& path);

// What TCP takes, beside the socket.
struct Remote {
  Fd listener;
  std::shared_ptr<Gate> gate;
  std::optional<TlsIdentity> identity;
};

std::expected<Remote, ServerError> open_remote(const config::Listen& listen,
                                               const std::function<void(const std::string&)>& report);

// What open_remote() would say now of the files, and who of the grants is not known here: one line each. Opens no socket.
std::vector<std::string> doubts_of(const config::ControlSettings& settings);

// A file of the web page, or that it has not changed.
Reply page_reply(const web::File& file, std::string_view known_tag);

}  // namespace simplevisor::control
