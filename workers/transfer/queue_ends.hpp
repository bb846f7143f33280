// workers/transfer/queue_ends.hpp
//
// A directory queue of messages, simple or normal, as source and as sink.
//
// Source     elements are taken oldest first and stay locked until they are settled: done removes (or, without `remove`,
//            unlocks) them. Locks in hand are renewed, three times within `maxlock`. At the end of a pass: with `loop` it waits for more, woken by
//            inotify; without, SourceEnd. Without `remove` each element is brought once.
// Sink       what comes in one turn of the event loop, at most `batch`, is confirmed together; in a simple queue it is also
//            made visible and durable together.
// Errors     a queue that cannot be opened ends the agent (configuration, unless there is no space or no descriptor); one
//            that cannot be read from is tried again with back-off; an element that cannot be read is left, and told once; a
//            failed batch is NotConfirmed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "workers/queue/dead_letters.hpp"
#include "workers/queue/wake.hpp"
#include "workers/transfer/queue_kinds.hpp"
#include "workers/transfer/sink.hpp"
#include "workers/transfer/source.hpp"

namespace simplevisor::transfer {

struct QueueSourceOptions {
  std::string path;
  QueueKind kind = QueueKind::simple;
  bool remove = false;
  bool loop = false;
  std::string dead_letter;  // a queue
  std::size_t message_bytes_max = std::size_t{128} << 20U;
  std::chrono::milliseconds poll{5'000};
  std::chrono::milliseconds purge_every{300'000};  // 0: never
  dirq::PurgeOptions purge{};
};

class QueueSource final : public Source {
 public:
  QueueSource(boost::asio::any_io_executor executor, QueueSourceOptions options, SourceListener listener);

  void open() override;
  void want(std::size_t room) override;
  Event settle(Ticket ticket, Verdict verdict, const std::string& reason,
               const message::Message* message) override;
  void close() override;

 private:
  // All that is there while it is open.
  struct Open {
    std::unique_ptr<TakingQueue> queue;
    std::optional<queue::DeadLetters>
        dead;  // once something is set aside, or from the beginning if it is there
  };

  void down(std::optional<Failure> failure);
  dirq::Result<void> open_dead_letters(Open& open) const;
  void pass_is_over();
  void give_up();
  static void tell_once(std::string_view what, const dirq::PassedBy& by, std::string& told);
  void wait_for_more(std::chrono::milliseconds at_most);
  void bring(std::unique_ptr<TakenElement> element);
  void attend();
  dirq::Result<void> bury(TakenElement& element, const std::string& reason);

  boost::asio::any_io_executor executor_;
  QueueSourceOptions options_;
  SourceListener listener_;
  std::optional<Open> open_;
  std::optional<queue::Wake> wake_;
  boost::asio::steady_timer poll_;
  boost::asio::steady_timer attend_;
  std::chrono::steady_clock::time_point purge_at_{};
  bool idle_ = false;      // nothing to take until something wakes us
  bool took_ = false;      // something in this pass
  dirq::PassedBy unread_;  // in this pass
  // What was reported last of what cannot be taken, or not be read.
  std::string told_passed_by_;
  std::string told_unread_;
  std::size_t room_ = 0;
  unsigned troubles_ = 0;
  std::map<Ticket, std::unique_ptr<TakenElement>> held_;
  std::set<dirq::ElementName> brought_;  // without `remove`
};

struct QueueSinkOptions {
  std::string path;
  QueueKind kind = QueueKind::simple;
  AddingOptions adding{};
  std::size_t batch = 100;
};

class QueueSink final : public Sink {
 public:
  QueueSink(boost::asio::any_io_executor executor, QueueSinkOptions options, TellSink tell);

  void open() override;
  void put(Ticket ticket, const message::Message& message) override;
  void close() override;

 private:
  void commit();

  boost::asio::any_io_executor executor_;
  QueueSinkOptions options_;
  TellSink tell_;
  std::unique_ptr<AddingQueue> queue_;
  std::vector<Ticket> in_batch_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is posted
  bool commit_posted_ = false;
  bool in_trouble_ = false;  // reported; not again until it is over
};

}  // namespace simplevisor::transfer
