#include "workers/amqp/tls.hpp"

#include <amqp_ssl_socket.h>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace simplevisor::amqp {
namespace {

bool is_address(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

// The oldest reason in OpenSSL's queue for this thread, which it empties.
std::string openssl_reason() {
  std::string reason;
  while (const unsigned long error = ERR_get_error()) {
    char text[256];
    ERR_error_string_n(error, text, sizeof text);
    if (reason.empty()) reason = text;
  }
  return reason.empty() ? "no reason given" : reason;
}

broker::Result<void> trust(amqp_socket_t* socket, SSL_CTX* context, const broker::TlsOptions& options) {
  ERR_clear_error();
  if (!options.ca_file && !options.ca_directory && SSL_CTX_set_default_verify_paths(context) != 1) {
    return broker::misconfigured(fmt::format("the system's certificates: {}", openssl_reason()));
  }
  if (options.ca_file && amqp_ssl_socket_set_cacert(socket, options.ca_file->c_str()) != AMQP_STATUS_OK) {
    return broker::misconfigured(fmt::format("ca_file {}: {}", *options.ca_file, openssl_reason()));
  }
  if (options.ca_directory && SSL_CTX_load_verify_dir(context, options.ca_directory->c_str()) != 1) {
    return broker::misconfigured(fmt::format("ca directory {}: {}", *options.ca_directory, openssl_reason()));
  }
  return {};
}

int watch_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void happened(const SSL* ssl, int where, int value) {
  auto* const watch = static_cast<TlsWatch*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), watch_index()));
  if ((where & SSL_CB_HANDSHAKE_START) != 0) watch->begins(SSL_get_fd(ssl));
  const bool fatal = (value >> 8) == SSL3_AL_FATAL;
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && fatal)
    watch->alert = SSL_alert_desc_string_long(value);
}

}  // namespace

broker::Result<void> prepare_tls(amqp_socket_t* socket, const broker::TlsOptions& options,
                                 const std::string& host, TlsWatch& watch) {
  auto* const context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
  if (SSL_CTX_set_ex_data(context, watch_index(), &watch) == 1) SSL_CTX_set_info_callback(context, happened);
  if (auto trusted = trust(socket, context, options); !trusted) return trusted;
  if (options.certificate_file) {
    if (!options.key_password.empty()) {
      amqp_ssl_socket_set_key_passwd(socket, options.key_password.reveal().c_str());
    }
    const std::string& key = options.key_file ? *options.key_file : *options.certificate_file;
    if (amqp_ssl_socket_set_key(socket, options.certificate_file->c_str(), key.c_str()) != AMQP_STATUS_OK) {
      return broker::misconfigured(
          fmt::format("certificate {} with key {}: {}", *options.certificate_file, key, openssl_reason()));
    }
  }
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  amqp_ssl_socket_set_verify_peer(socket, options.verify_peer ? 1 : 0);
  amqp_ssl_socket_set_verify_hostname(socket, 0);
  if (!options.verify_peer) return {};
  const std::string& name = options.server_name ? *options.server_name : host;
  X509_VERIFY_PARAM* const checks = SSL_CTX_get0_param(context);
  const int set = is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(checks, name.c_str())
                                   : X509_VERIFY_PARAM_set1_host(checks, name.c_str(), name.size());
  if (set != 1) return broker::misconfigured(fmt::format("\"{}\" cannot be the name of a server", name));
  return {};
}

Problem tls_problem(std::string_view where, int status, const TlsWatch& watch) {
  const std::string reason = openssl_reason();
  Problem problem = library_problem(where, status);
  if (reason.find("certificate verify failed") != std::string::npos) {
    problem.failure.kind = broker::Failure::Kind::authentication;
    problem.failure.message =
        fmt::format("{}: the broker's certificate is not trusted, or not for this name", where);
  } else if (!watch.alert.empty()) {
    problem.failure.message += fmt::format(" (the broker says: {})", watch.alert);
  } else if (reason != "no reason given") {
    problem.failure.message += fmt::format(" ({})", reason);
  }
  return problem;
}

}  // namespace simplevisor::amqp
