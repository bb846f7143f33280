// supervisor/control/gate.hpp
//
// Who is let in, decided anew for each request of a connection.
//
// Semantics  over the unix socket the peer's credentials have said it when the connection was made. Over TCP a
//            request must name this service in `Host` (a page of somebody else whose name was made to lead here names its
//            own: DNS rebinding), must not come from a page of another origin, and must bring the token (RFC 6750).
// Threads    the server's.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/control/file_stamp.hpp"
#include "supervisor/control/routes.hpp"

namespace simplevisor::control {

// What the head of a request says of who asks.
struct Credentials {
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
};

class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  virtual ~Gate() = default;

  // Before anything else is looked at; what is refused here is not even told that a page is missing.
  [[nodiscard]] virtual std::expected<void, Reply> admit(const Credentials& credentials) const = 0;
  [[nodiscard]] virtual std::expected<Rights, Reply> rights(const Credentials& credentials) = 0;
};

std::shared_ptr<Gate> open_gate(Rights rights);

// A file with a secret in it, read anew when it has changed. Others must not be able to read it.
class TokenFile {
 public:
  // `report` is told what is wrong with it, once each; nobody is let in then.
  static std::expected<TokenFile, std::string> open(std::string path,
                                                    std::function<void(const std::string&)> report);

  // In a time that does not depend on where the two differ.
  [[nodiscard]] bool holds(std::string_view candidate);

 private:
  TokenFile(std::string path, std::function<void(const std::string&)> report)
      : path_(std::move(path)), report_(std::move(report)) {}
  std::expected<void, std::string> read();

  std::string path_;
  std::function<void(const std::string&)> report_;
  FileStamp stamp_;
  std::string token_;  // "" for none
  std::string told_;   // the last trouble that was reported
};

// `tls` says which scheme the service's own pages have.
std::shared_ptr<Gate> token_gate(TokenFile token, Rights rights, std::vector<std::string> hosts, bool tls);

// Pure parts, for tests. `hosts` are in lower case.
[[nodiscard]] bool is_own_host(std::string_view host, const std::vector<std::string>& hosts);
[[nodiscard]] bool is_own_origin(std::string_view origin, std::string_view host, bool tls);

}  // namespace simplevisor::control
