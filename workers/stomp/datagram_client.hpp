// workers/stomp/datagram_client.hpp
//
// STOMP over UDP: each message is one datagram that holds one SEND frame, sent and forgotten.
//
// Semantics  stompclt's udp:// URIs. There is no conversation: no login, no heart-beat, no receipt, nothing received. Frames
//            are those of STOMP 1.0, for no version has been agreed on.
// Sending    Confirmed says that the kernel took the datagram, and no more. A message that fits no datagram is Refused;
//            one that the socket has no room for is NotConfirmed. That nobody listens is no failure: such news comes late
//            and to another message than the lost one.
// Threads    the executor's, which must be a single thread or a strand.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "workers/broker/client.hpp"
#include "workers/stomp/options.hpp"

namespace simplevisor::stomp {

inline constexpr std::size_t datagram_bytes_max = 65'507;  // an IPv4 packet without its headers

class DatagramClient final : public broker::Client {
 public:
  // Of the options: endpoint (Protocol::udp), sending, timeout_connect (for the name).
  DatagramClient(boost::asio::any_io_executor executor, Options options, Tell tell);
  ~DatagramClient() override;

  void connect() override;
  void publish(broker::Ticket ticket, const message::Message& message) override;
  void disconnect() override;

  // Nothing is ever delivered.
  void acknowledge(broker::Tag) override {}
  void give_back(broker::Tag) override {}
  void pause() override {}
  void resume() override {}

 private:
  class Session;
  std::shared_ptr<Session> session_;  // outlives us until its last operation has been cancelled
};

}  // namespace simplevisor::stomp
