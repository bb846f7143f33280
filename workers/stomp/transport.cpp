#include "workers/stomp/transport.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <utility>

#include "workers/stomp/resolver.hpp"

namespace simplevisor::stomp {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using broker::Failure;
using broker::Result;

Failure unavailable(const broker::Endpoint& endpoint, std::string_view what, const error_code& error) {
  return {Failure::Kind::unavailable, fmt::format("{}: {}: {}", endpoint.text(), what, error.message())};
}

// Resolves, connects, and sets what is asked of the socket.
class Connector {
 public:
  Connector(const asio::any_io_executor& executor, const Options& options)
      : resolver_{executor}, endpoint_{options.endpoint}, sockopts_{options.sockopts} {}

  void connect(tcp::socket& socket, Transport::Opened opened) {
    resolver_.resolve(
        endpoint_.host, endpoint_.port,
        [this, &socket, opened = std::move(opened)](const Resolver<tcp>::Result& found) {
          if (!found)
            return opened(Failure{Failure::Kind::unavailable,
                                  fmt::format("{}: name lookup: {}", endpoint_.text(), found.error())});
          asio::async_connect(socket, *found,
                              [this, &socket, opened](error_code failed, const tcp::endpoint&) {
                                if (failed) return opened(unavailable(endpoint_, "connect", failed));
                                opened(prepare(socket));
                              });
        });
  }

  void close() { resolver_.cancel(); }

 private:
  std::optional<Failure> prepare(tcp::socket& socket) const {
    error_code error;
    // Our writes are gathered already; waiting for more would only delay acknowledgements.
    socket.set_option(tcp::no_delay{true}, error);
    if (!error) socket.set_option(asio::socket_base::keep_alive{sockopts_.keep_alive}, error);
    if (!error && sockopts_.send_buffer_bytes) {
      socket.set_option(asio::socket_base::send_buffer_size{*sockopts_.send_buffer_bytes}, error);
    }
    if (!error && sockopts_.receive_buffer_bytes) {
      socket.set_option(asio::socket_base::receive_buffer_size{*sockopts_.receive_buffer_bytes}, error);
    }
    if (error) return unavailable(endpoint_, "socket options", error);
    return std::nullopt;
  }

  Resolver<tcp> resolver_;
  broker::Endpoint endpoint_;
  SocketOptions sockopts_;
};

class PlainTransport final : public Transport {
 public:
  PlainTransport(const asio::any_io_executor& executor, const Options& options)
      : connector_{executor, options}, socket_{executor} {}

  void open(Opened opened) override { connector_.connect(socket_, std::move(opened)); }
  void read_some(std::span<char> into, Done done) override {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  void write_some(std::string_view bytes, Done done) override {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  void close() override {
    connector_.close();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Connector connector_;
  tcp::socket socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(const asio::any_io_executor& executor, const Options& options, asio::ssl::context context)
      : connector_{executor, options},
        context_{std::move(context)},
        stream_{executor, context_},
        endpoint_{options.endpoint} {
    const std::string name = options.tls.server_name.value_or(endpoint_.host);
    // Sent in clear, so that one address can serve several names; an address is none, and then sending it is an error.
    error_code not_an_address;
    (void)asio::ip::make_address(name, not_an_address);
    // OpenSSL's macro casts a string literal away from const.
    if (not_an_address) {
      SSL_ctrl(stream_.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(name.c_str()));
    }
    if (options.tls.verify_peer) stream_.set_verify_callback(asio::ssl::host_name_verification{name});
  }

  void open(Opened opened) override {
    connector_.connect(
        stream_.next_layer(), [this, opened = std::move(opened)](std::optional<Failure> failure) {
          if (failure) return opened(std::move(failure));
          stream_.async_handshake(asio::ssl::stream_base::client, [this, opened](error_code error) {
            if (!error) return opened(std::nullopt);
            opened(failed_handshake(error));
          });
        });
  }
  void read_some(std::span<char> into, Done done) override {
    stream_.async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  void write_some(std::string_view bytes, Done done) override {
    stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  void close() override {
    connector_.close();
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  Failure failed_handshake(const error_code& error) {
    const long verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict != X509_V_OK) {
      return {Failure::Kind::authentication, fmt::format("{}: certificate not accepted: {}", endpoint_.text(),
                                                         X509_verify_cert_error_string(verdict))};
    }
    const bool of_tls = error.category() == asio::error::get_ssl_category();
    return {of_tls ? Failure::Kind::protocol : Failure::Kind::unavailable,
            fmt::format("{}: TLS handshake: {}", endpoint_.text(), error.message())};
  }

  Connector connector_;
  asio::ssl::context context_;
  asio::ssl::stream<tcp::socket> stream_;
  broker::Endpoint endpoint_;
};

Result<asio::ssl::context> make_context(const broker::TlsOptions& options) {
  asio::ssl::context context{asio::ssl::context::tls_client};
  error_code error;
  const auto failed = [&](std::string_view what, std::string_view where) {
    return broker::misconfigured(fmt::format("{} \"{}\": {}", what, where, error.message()));
  };
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(options.verify_peer ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
  if (options.ca_file) {
    context.load_verify_file(*options.ca_file, error);
    if (error) return failed("CA file", *options.ca_file);
  }
  if (options.ca_directory) {
    context.add_verify_path(*options.ca_directory, error);
    if (error) return failed("CA directory", *options.ca_directory);
  }
  if (!options.ca_file && !options.ca_directory) context.set_default_verify_paths(error);

  // Set in every case: without it OpenSSL would ask a terminal.
  context.set_password_callback([password = options.key_password.reveal()](
                                    std::size_t, asio::ssl::context::password_purpose) { return password; },
                                error);
  const std::optional<std::string>& key = options.key_file ? options.key_file : options.certificate_file;
  if (options.certificate_file) {
    context.use_certificate_chain_file(*options.certificate_file, error);
    if (error) return failed("client certificate", *options.certificate_file);
    context.use_private_key_file(*key, asio::ssl::context::pem, error);
    if (error) return failed("private key", *key);
  } else if (options.key_file) {
    return broker::misconfigured(fmt::format("private key \"{}\" without a certificate", *options.key_file));
  }
  return context;
}

}  // namespace

Result<std::unique_ptr<Transport>> make_transport(const asio::any_io_executor& executor,
                                                  const Options& options) {
  if (!options.endpoint.tls) return std::make_unique<PlainTransport>(executor, options);
  auto context = make_context(options.tls);
  if (!context) return std::unexpected(std::move(context).error());
  return std::make_unique<TlsTransport>(executor, options, *std::move(context));
}

}  // namespace simplevisor::stomp
