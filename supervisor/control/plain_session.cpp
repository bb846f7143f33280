#include "supervisor/control/http_session.hpp"

namespace simplevisor::control {

std::shared_ptr<Session> Session::create(Socket socket, Visitor visitor, Host& host) {
  return std::make_shared<HttpSession<Socket>>(std::move(socket), nullptr, std::move(visitor), host);
}

}  // namespace simplevisor::control
