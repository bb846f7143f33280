#include "workers/stomp/client.hpp"

#include <utility>

#include "workers/stomp/session.hpp"

namespace simplevisor::stomp {

Client::Client(boost::asio::any_io_executor executor, Options options, Tell tell)
    : session_{std::make_shared<Session>(std::move(executor), std::move(options), std::move(tell))} {}

Client::~Client() {
  session_->abandon();
}

void Client::connect() {
  session_->connect();
}
void Client::publish(broker::Ticket ticket, const message::Message& message) {
  session_->publish(ticket, message);
}
void Client::acknowledge(broker::Tag tag) {
  session_->acknowledge(tag);
}
void Client::give_back(broker::Tag tag) {
  session_->give_back(tag);
}
void Client::pause() {
  session_->pause();
}
void Client::resume() {
  session_->resume();
}
void Client::disconnect() {
  session_->disconnect();
}

}  // namespace simplevisor::stomp
