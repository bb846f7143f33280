#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "supervisor/control/http_session.hpp"

namespace simplevisor::control {

std::shared_ptr<Session> Session::create_tls(Socket socket, std::shared_ptr<asio::ssl::context> context,
                                             Visitor visitor, Host& host) {
  using Stream = asio::ssl::stream<Socket>;
  Stream stream(std::move(socket), *context);
  return std::make_shared<HttpSession<Stream>>(std::move(stream), std::move(context), std::move(visitor),
                                               host);
}

}  // namespace simplevisor::control
