// The bytes of a response are written by hand: the answers that turn a client away need no parser and no
// session, and a serialiser would cost seconds of compile time to save these lines.
#include <fmt/format.h>

#include "supervisor/control/session.hpp"

namespace simplevisor::control {
namespace {

std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 304:
      return "Not Modified";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

}  // namespace

std::string event_stream_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: "
         "close\r\n\r\n";
}

std::string response_bytes(const Reply& reply, bool keep_alive, bool head_only) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\n"
      "{}{}Connection: {}\r\n\r\n{}",
      reply.status, reason(reply.status), reply.content_type, reply.body.size(),
      reply.fields.contains("Cache-Control") ? "" : "Cache-Control: no-store\r\n", reply.fields,
      keep_alive ? "keep-alive" : "close", head_only ? std::string_view{} : std::string_view(reply.body));
}

}  // namespace simplevisor::control
