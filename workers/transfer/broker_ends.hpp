// workers/transfer/broker_ends.hpp
//
// A broker as source and as sink, whichever protocol its client speaks.
//
// Opening    goes through the endpoints as their failover options say; with a single URI that is one try. What the agent
//            does when all have failed is its machine's decision.
// Clients    one for each connection; an old one is let go only when it cannot call us any more.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "workers/broker/client.hpp"
#include "workers/broker/endpoints.hpp"
#include "workers/queue/dead_letters.hpp"
#include "workers/transfer/sink.hpp"
#include "workers/transfer/source.hpp"

namespace simplevisor::transfer {

using MakeClient =
    std::function<std::unique_ptr<broker::Client>(const broker::Endpoint&, broker::Client::Tell)>;

// The connection, and how it is come by.
class Link {
 public:
  using Tell = std::function<void(broker::Event)>;

  using Failed = std::function<void(broker::Failure)>;

  // `tell`: Connected and whatever follows it; or Closed, when no endpoint could be connected to. `failed`: each attempt
  // that came to nothing, since with a failover URI they may go on for ever.
  Link(boost::asio::any_io_executor executor, std::string name, broker::Address address, MakeClient make,
       Tell tell, Failed failed);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void open();
  void close();  // Closed follows
  [[nodiscard]] broker::Client* client() const noexcept { return connected_ ? client_.get() : nullptr; }

 private:
  void try_next(std::optional<broker::Failure> last);
  void heard(broker::Event event);
  void let_go();

  boost::asio::any_io_executor executor_;
  std::string name_;
  MakeClient make_;
  Tell tell_;
  Failed failed_;
  broker::Endpoints endpoints_;
  boost::asio::steady_timer delay_;
  std::unique_ptr<broker::Client> client_;
  std::string endpoint_;
  bool connected_ = false;
  bool closing_ = false;
};

class BrokerSource final : public Source {
 public:
  BrokerSource(boost::asio::any_io_executor executor, broker::Address address, const MakeClient& make,
               std::string dead_letter, SourceListener listener);

  void open() override { link_.open(); }
  void want(std::size_t room) override;
  Event settle(Ticket ticket, Verdict verdict, const std::string& reason,
               const message::Message* message) override;
  void close() override { link_.close(); }

 private:
  void heard(broker::Event event);
  bool bury(const std::string& reason, const message::Message* message, const std::string& raw);

  struct Held {
    broker::Tag tag = 0;
    std::string raw;  // of what is no message
  };

  Link link_;
  std::string dead_letter_;
  SourceListener listener_;
  std::optional<queue::DeadLetters> dead_;
  std::unordered_map<Ticket, Held> held_;
  bool paused_ = false;
};

class BrokerSink final : public Sink {
 public:
  BrokerSink(boost::asio::any_io_executor executor, broker::Address address, const MakeClient& make,
             TellSink tell);

  void open() override { link_.open(); }
  void put(Ticket ticket, const message::Message& message) override;
  void close() override { link_.close(); }

 private:
  void heard(broker::Event event);

  Link link_;
  TellSink tell_;
};

}  // namespace simplevisor::transfer
