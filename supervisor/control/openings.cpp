#include "supervisor/control/openings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "supervisor/control/access.hpp"
#include "supervisor/control/tcp_socket.hpp"

namespace simplevisor::control {
namespace {

constexpr int backlog = 128;

std::unexpected<ServerError> cannot_listen(const std::string& path, std::error_code cause) {
  return std::unexpected(
      ServerError{ServerErrc::system, fmt::format("cannot listen on {}: {}", path, cause.message()), cause});
}

}  // namespace

std::expected<Fd, ServerError> listen_in_place(const std::string& path) {
  auto fd = listen_on(path, backlog);
  if (fd) return *std::move(fd);
  if (fd.error() != std::errc::address_in_use) return cannot_listen(path, fd.error());
  struct stat file{};
  if (::lstat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode)) {
    return std::unexpected(ServerError{
        ServerErrc::bad_path, fmt::format("cannot listen on {}: the file is there and is not a socket", path),
        fd.error()});
  }
  const auto other = connect_to(path, std::chrono::milliseconds(1000));
  if (other || other.error() != std::errc::connection_refused) {
    return std::unexpected(ServerError{
        ServerErrc::in_use, fmt::format("cannot listen on {}: another process does", path), fd.error()});
  }
  if (::unlink(path.c_str()) != 0) return cannot_listen(path, {errno, std::generic_category()});
  fd = listen_on(path, backlog);
  if (!fd) return cannot_listen(path, fd.error());
  return *std::move(fd);
}

std::expected<Fd, ServerError> listen_for_all(const std::string& path) {
  auto listener = listen_in_place(path);
  if (!listener) return listener;
  if (const auto opened = open_to_all(path); !opened) {
    ::unlink(path.c_str());
    return cannot_listen(path, opened.error());
  }
  return listener;
}

std::expected<Remote, ServerError> open_remote(const config::Listen& listen,
                                               const std::function<void(const std::string&)>& report) {
  const auto refused = [](std::string message) {
    return std::unexpected(ServerError{ServerErrc::bad_path, std::move(message), {}});
  };
  Remote remote;
  auto token = TokenFile::open(listen.token_file, report);
  if (!token) return refused(token.error());
  const bool tls = !listen.certificate.empty();
  if (tls) {
    auto identity = TlsIdentity::open(listen.certificate, listen.key, report);
    if (!identity) return refused(identity.error());
    remote.identity = *std::move(identity);
  }
  // Nothing that ends the supervisor, or shows its configuration, is done for a token.
  const Rights rights = Rights::whole(listen.write ? Role::operate : Role::read);
  remote.gate = token_gate(*std::move(token), rights, listen.hosts, tls);
  auto fd = listen_on_tcp(listen.address, listen.port, backlog);
  if (!fd) return cannot_listen(fmt::format("{} port {}", listen.address, listen.port), fd.error());
  remote.listener = *std::move(fd);
  if (!tls && !is_loopback(listen.address) && report)
    report(fmt::format("control: {} is open without TLS: the token can be read on the way", listen.address));
  return remote;
}

std::vector<std::string> doubts_of(const config::ControlSettings& settings) {
  std::vector<std::string> doubts;
  const auto doubt = [&doubts](const std::string& message) { doubts.push_back(message); };
  static_cast<void>(resolve(settings.grants, doubt));
  if (!settings.listen) return doubts;
  if (const auto token = TokenFile::open(settings.listen->token_file, {}); !token) doubt(token.error());
  if (settings.listen->certificate.empty()) return doubts;
  const auto identity = TlsIdentity::open(settings.listen->certificate, settings.listen->key, {});
  if (!identity) doubt(identity.error());
  return doubts;
}

// The page talks to where it came from and to nobody else, and stands in no other page.
constexpr std::string_view page_policy =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src "
    "'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\nVary: Accept-Encoding\r\nCache-Control: no-cache\r\n";

Reply page_reply(const web::File& file, std::string_view known_tag) {
  Reply reply{200, "", fmt::format("ETag: {}\r\n{}", file.etag, page_policy), file.content_type};
  if (!file.encoding.empty()) reply.fields += fmt::format("Content-Encoding: {}\r\n", file.encoding);
  if (known_tag == file.etag)
    reply.status = 304;
  else
    reply.body = file.bytes;
  return reply;
}

}  // namespace simplevisor::control
