#include "workers/amqp/failure.hpp"

#include <amqp_framing.h>
#include <fmt/format.h>

#include <algorithm>

#include "workers/amqp/bytes.hpp"

namespace simplevisor::amqp {
namespace {

using Kind = broker::Failure::Kind;

// Texts of a broker may be long, and must not break a line of a log.
std::string presentable(std::string_view text) {
  std::string line(text.substr(0, 400));
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

Kind kind_of_status(int status) {
  switch (status) {
    case AMQP_STATUS_BAD_AMQP_DATA:
    case AMQP_STATUS_UNKNOWN_CLASS:
    case AMQP_STATUS_UNKNOWN_METHOD:
    case AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION:
    case AMQP_STATUS_UNEXPECTED_STATE:
    case AMQP_STATUS_WRONG_METHOD:
      return Kind::protocol;
    case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
    case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
    case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD:
      return Kind::authentication;
    case AMQP_STATUS_NO_MEMORY:
      return Kind::temporary;
    default:
      return Kind::unavailable;
  }
}

}  // namespace

Kind kind_of(std::uint16_t code, std::string_view text) noexcept {
  const auto says = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  switch (code) {
    case AMQP_ACCESS_REFUSED:
      return Kind::authentication;
    case AMQP_NOT_ALLOWED:  // a virtual host that is not there, or not for this user
      return says("not found") ? Kind::configuration : Kind::authentication;
    case AMQP_PRECONDITION_FAILED:
      // The only way a broker has to say that an acknowledgement did not come in time.
      return says("timed out") ? Kind::temporary : Kind::configuration;
    case AMQP_NOT_FOUND:
      // A queue whose node is down is called not found as well.
      return says("is down or inaccessible") ? Kind::temporary : Kind::configuration;
    case AMQP_NOT_IMPLEMENTED:
    case AMQP_INVALID_PATH:
    case AMQP_CONTENT_TOO_LARGE:
      return Kind::configuration;
    case AMQP_RESOURCE_LOCKED:
    case AMQP_RESOURCE_ERROR:
    case AMQP_INTERNAL_ERROR:
    case AMQP_NO_CONSUMERS:
      return Kind::temporary;
    case AMQP_FRAME_ERROR:
    case AMQP_SYNTAX_ERROR:
    case AMQP_COMMAND_INVALID:
    case AMQP_CHANNEL_ERROR:
    case AMQP_UNEXPECTED_FRAME:
      return Kind::protocol;
    default:  // 320 CONNECTION_FORCED above all: it is being stopped
      return Kind::unavailable;
  }
}

Problem closed_by_broker(std::string_view what, std::uint16_t code, std::string_view text,
                         bool channel_only) {
  return {{kind_of(code, text), fmt::format("{}: {} {}", what, code, presentable(text))},
          channel_only,
          code,
          false};
}

Problem library_problem(std::string_view what, int status) {
  return {{kind_of_status(status), fmt::format("{}: {}", what, amqp_error_string2(status))}, false, 0, false};
}

std::expected<void, Problem> outcome(std::string_view what, const amqp_rpc_reply_t& reply) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return {};
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      return std::unexpected(library_problem(what, reply.library_error));
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto& close = *static_cast<const amqp_channel_close_t*>(reply.reply.decoded);
        return std::unexpected(closed_by_broker(what, close.reply_code, view(close.reply_text), true));
      }
      if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto& close = *static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
        return std::unexpected(closed_by_broker(what, close.reply_code, view(close.reply_text), false));
      }
      break;
    case AMQP_RESPONSE_NONE:
      break;
  }
  return std::unexpected(
      Problem{{Kind::protocol, fmt::format("{}: an answer to something else", what)}, false, 0, false});
}

}  // namespace simplevisor::amqp
