#include "workers/amqp/client.hpp"

#include <exception>
#include <utility>

#include "workers/amqp/mailbox.hpp"
#include "workers/amqp/session.hpp"

namespace simplevisor::amqp {

Client::Client(boost::asio::any_io_executor executor, Options options, Tell tell)
    : options_(std::move(options)),
      mailbox_(std::make_shared<Mailbox>(std::move(executor), std::move(tell))) {
  const broker::Endpoint& endpoint = options_.endpoint;
  if (options_.mapping.login.empty() && !options_.external) {
    options_.mapping.login = options_.login ? options_.login->name : endpoint.user.value_or("guest");
  }
}

Client::~Client() {
  mailbox_->abandon();
  if (thread_.joinable()) thread_.join();
}

void Client::connect() {
  thread_ = std::thread([this] {
    try {
      Session(options_, *mailbox_).run();
    } catch (const std::exception& exception) {  // out of memory, or a library's
      std::vector<broker::Event> last;
      last.emplace_back(
          broker::Closed{.failure = broker::Failure{broker::Failure::Kind::temporary, exception.what()},
                         .message_to_blame = false});
      mailbox_->tell(last);
    }
  });
}

void Client::publish(broker::Ticket ticket, const message::Message& message) {
  mailbox_->command(Publish{ticket, message});
}
void Client::acknowledge(broker::Tag tag) {
  mailbox_->command(Acknowledge{tag});
}
void Client::give_back(broker::Tag tag) {
  mailbox_->command(GiveBack{tag});
}
void Client::pause() {
  mailbox_->pause();
}
void Client::resume() {
  mailbox_->resume();
}
void Client::disconnect() {
  mailbox_->command(Disconnect{});
}

}  // namespace simplevisor::amqp
