// supervisor/control/acceptor.hpp
//
// Takes the connections of one listening socket, and hands each on.
//
// Threads    those of its executor, of which there is one.
// Errors     a connection that cannot be taken for want of descriptors or memory is tried again half a second later:
//            it stays in the backlog and would wake us again at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "supervisor/control/unix_socket.hpp"

namespace simplevisor::control {

class Acceptor {
 public:
  // `admit` is not called after close().
  Acceptor(boost::asio::io_context& io, Fd listener, std::function<void(Fd)> admit);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void begin();
  void close();

 private:
  void pause();

  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;
  std::function<void(Fd)> admit_;
  bool closed_ = false;
};

}  // namespace simplevisor::control
