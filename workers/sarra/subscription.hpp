// workers/sarra/subscription.hpp
//
// A source that turns away what a subscriber does not want: it stands between a transfer agent and the source that brings
// messages from the broker, or from a directory queue.
//
// Judged     each message once it comes (judge.hpp), then by what all instances have seen (seen.hpp). Who is turned away is
//            acknowledged and counted; the agent never hears of it. What is no announcement is told to the agent as such, so
//            that it is set aside as it came.
// Waiting    for a file to get older, or for another instance to say what became of its claim: here, asked again later. It
//            counts among what the broker has given us.
// Settled    as done: what was claimed is confirmed as seen, and then acknowledged. A crash in between makes a duplicate.
// Errors     of the memory of what was seen: reported once, and what comes is taken for new.
// Threads    those of the executor, which is not run any more when this is destroyed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "workers/sarra/judge.hpp"
#include "workers/sarra/seen.hpp"
#include "workers/transfer/source.hpp"

namespace simplevisor::sarra {

struct SubscriptionOptions {
  // Messages of a format that is none of ours: at a broker nobody misses them; in a queue somebody has put them there.
  enum class Foreign : std::uint8_t { turn_away, set_aside };

  Patterns patterns;
  Ages ages;
  Foreign foreign = Foreign::turn_away;
  std::string queue = {};
  std::string mark =
      {};  // file that gets the queue's name once the queue is there; empty: it has it, or there is none
};

class Subscription final : public transfer::Source {
 public:
  Subscription(const boost::asio::any_io_executor& executor, SubscriptionOptions options,
               std::optional<Seen> seen, transfer::SourceListener listener);
  ~Subscription() override;

  // The source between us and the broker is made with this listener, and then given to us, before anything else.
  [[nodiscard]] transfer::SourceListener listener_for_inner();
  void attach(std::unique_ptr<transfer::Source> inner) { inner_ = std::move(inner); }

  void open() override { inner_->open(); }
  void want(std::size_t room) override;
  transfer::Event settle(transfer::Ticket ticket, transfer::Verdict verdict, const std::string& reason,
                         const message::Message* message) override;
  void close() override { inner_->close(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Passed {
    transfer::Ticket inner = 0;
    std::optional<Seen::Fingerprint> claim;
    std::optional<message::Message> original;  // of what was said to be no message
  };
  struct Waiting {
    transfer::Ticket inner = 0;
    message::Message message;
  };

  transfer::Ticket bring(transfer::Brought brought);
  void told(transfer::Event event);
  void set_mark();
  void look_at(Waiting waiting);
  void pass(transfer::Ticket inner, Wanted wanted, std::optional<Seen::Fingerprint> claim);
  void turn_away(transfer::Ticket inner);
  void set_aside(Waiting waiting, std::string reason);
  void wait(Waiting waiting, std::chrono::milliseconds delay);
  void set_timer();
  void look_again();
  Seen::Answer claim(const Seen::Fingerprint& what);
  template <class T>
  bool well(const Seen::Result<T>& result);

  boost::asio::any_io_executor executor_;
  SubscriptionOptions options_;
  std::optional<Seen> seen_;
  transfer::SourceListener listener_;
  std::unique_ptr<transfer::Source> inner_;
  transfer::Ticket last_inner_ = 0;
  std::unordered_map<transfer::Ticket, Passed> passed_;  // by the agent's ticket
  std::multimap<Clock::time_point, Waiting> waiting_;
  boost::asio::steady_timer timer_;
  std::size_t arriving_ = 0;      // brought, and not looked at yet
  std::uint64_t connection_ = 0;  // tickets of an earlier one are forgotten
  std::uint64_t unwanted_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t foreign_ = 0;
  bool seen_in_trouble_ = false;
};

}  // namespace simplevisor::sarra
