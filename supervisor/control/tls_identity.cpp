#include "supervisor/control/tls_identity.hpp"

#include <fmt/format.h>

namespace simplevisor::control {

namespace ssl = boost::asio::ssl;

std::expected<TlsIdentity, std::string> TlsIdentity::open(std::string certificate, std::string key,
                                                          std::function<void(const std::string&)> report) {
  TlsIdentity identity(std::move(certificate), std::move(key), std::move(report));
  auto loaded = identity.load();
  if (!loaded) return std::unexpected(loaded.error());
  identity.context_ = *std::move(loaded);
  return identity;
}

std::expected<TlsIdentity::Context, std::string> TlsIdentity::load() {
  stamps_ = {stamp_of(certificate_), stamp_of(key_)};
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  const auto failed = [&](const std::string& file) {
    return std::unexpected(fmt::format("cannot use {} for TLS: {}", file, error.message()));
  };
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1 | ssl::context::no_compression,
                       error);
  // A key with a passphrase is refused: the library would ask for it on the terminal, and nobody sits there.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); },
                                 error);
  if (context->use_certificate_chain_file(certificate_, error); error) return failed(certificate_);
  if (context->use_private_key_file(key_, ssl::context::pem, error); error) return failed(key_);
  return context;
}

TlsIdentity::Context TlsIdentity::context() {
  if (stamps_ != std::array{stamp_of(certificate_), stamp_of(key_)}) {
    auto loaded = load();
    if (loaded)
      context_ = *std::move(loaded);
    else if (report_)
      report_(loaded.error() + "; the certificate that was there before is shown");
  }
  return context_;
}

}  // namespace simplevisor::control
