// supervisor/control/tls_identity.hpp
//
// The certificate a TLS server shows: read anew when its files have changed, as they do every few weeks.
//
// Errors     open() says what is wrong with the files. Later, what cannot be read is reported, and the last good
//            identity is kept.
// Threads    the server's.
#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "supervisor/control/file_stamp.hpp"

namespace simplevisor::control {

class TlsIdentity {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  static std::expected<TlsIdentity, std::string> open(std::string certificate, std::string key,
                                                      std::function<void(const std::string&)> report);
  // For a new connection.
  [[nodiscard]] Context context();

 private:
  TlsIdentity(std::string certificate, std::string key, std::function<void(const std::string&)> report)
      : certificate_(std::move(certificate)), key_(std::move(key)), report_(std::move(report)) {}
  std::expected<Context, std::string> load();

  std::string certificate_;
  std::string key_;
  std::function<void(const std::string&)> report_;
  std::array<FileStamp, 2> stamps_;
  Context context_;
};

}  // namespace simplevisor::control
