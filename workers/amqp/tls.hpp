// workers/amqp/tls.hpp
//
// TLS for one rabbitmq-c socket: at least TLS 1.2, the peer and its name checked unless told otherwise.
//
// Name       checked by OpenSSL itself during the handshake, addresses included: the library compares host names only.
//            The name that is asked for (SNI) is the library's choice, the host; `server_name` is what is checked.
#pragma once

#include <amqp.h>

#include <functional>
#include <string>
#include <string_view>

#include "workers/amqp/failure.hpp"
#include "workers/broker/tls.hpp"

namespace simplevisor::amqp {

// What happens inside the library while it connects and reads, told by OpenSSL.
struct TlsWatch {
  std::function<void(int fd)> begins;  // a handshake, on a socket that nobody else can name until it is over
  std::string alert;                   // the last with which the broker gave up on us, in OpenSSL's words
};

// `watch` outlives the socket.
[[nodiscard]] broker::Result<void> prepare_tls(amqp_socket_t* socket, const broker::TlsOptions& options,
                                               const std::string& host, TlsWatch& watch);

[[nodiscard]] Problem tls_problem(std::string_view where, int status, const TlsWatch& watch);

}  // namespace simplevisor::amqp
