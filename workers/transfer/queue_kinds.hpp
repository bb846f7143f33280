// workers/transfer/queue_kinds.hpp
//
// Simple and normal directory queues (DQS, DQN), as the ends of an agent use them: one to take messages from, one to add
// them to.
//
// Simple     an element is a serialised message. Added in batches that become visible and durable together.
// Normal     an element has the fields of queue/normal_messages.hpp. Visible, and durable as the options say, once added.
// Errors     those of dirq; `malformed` for a message that no queue of that kind can hold, and for a directory that is a
//            queue of the other kind.
// Threads    those of the queues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "workers/dirq/error.hpp"
#include "workers/dirq/options.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/message/codec.hpp"
#include "workers/message/message.hpp"
#include "workers/queue/dead_letters.hpp"
#include "workers/transfer/source.hpp"

namespace simplevisor::transfer {

enum class QueueKind : std::uint8_t { simple, normal };

// A locked element. Destroying it gives back what was neither removed nor buried. Its queue outlives it.
class TakenElement {
 public:
  TakenElement() = default;
  TakenElement(const TakenElement&) = delete;
  TakenElement& operator=(const TakenElement&) = delete;
  virtual ~TakenElement() = default;

  [[nodiscard]] virtual const dirq::ElementName& name() const = 0;
  [[nodiscard]] virtual bool armed() const = 0;

  // The rest requires armed().

  // What is no message, or too large for one, is brought as trouble; an error is for what may pass.
  [[nodiscard]] virtual dirq::Result<Brought> read(std::size_t bytes_max) const = 0;
  virtual dirq::Result<void> touch() = 0;
  virtual dirq::Result<void> remove() = 0;
  virtual dirq::Result<void> unlock() = 0;
  // Sets it aside with the reason, and says where it is. From a normal queue a message is copied, and then removed: killed
  // in between, both have it; what is no message goes to corrupt/ in its own queue.
  virtual dirq::Result<std::string> bury(queue::DeadLetters& dead, const std::string& reason) = 0;
};

class TakingQueue {
 public:
  TakingQueue() = default;
  TakingQueue(const TakingQueue&) = delete;
  TakingQueue& operator=(const TakingQueue&) = delete;
  virtual ~TakingQueue() = default;

  static dirq::Result<std::unique_ptr<TakingQueue>> open(const std::string& path, QueueKind kind);

  [[nodiscard]] virtual dirq::Queue::Identity identity() const = 0;
  // Null: the pass is over; the next call begins a new one.
  virtual dirq::Result<std::unique_ptr<TakenElement>> take() = 0;
  // What the pass that ended last could not take and passed by.
  [[nodiscard]] virtual const dirq::PassedBy& passed_by() const = 0;
  virtual dirq::Result<dirq::PurgeReport> purge(const dirq::PurgeOptions& options) = 0;
};

struct AddingOptions {
  dirq::Options queue{};
  message::EncodeOptions encode{};    // simple queues
  std::size_t elements_max = 16'000;  // normal ones
};

class AddingQueue {
 public:
  AddingQueue() = default;
  AddingQueue(const AddingQueue&) = delete;
  AddingQueue& operator=(const AddingQueue&) = delete;
  virtual ~AddingQueue() = default;

  static dirq::Result<std::unique_ptr<AddingQueue>> open(const std::string& path, QueueKind kind,
                                                         const AddingOptions& options);

  // A failure leaves what was added before as it was.
  virtual dirq::Result<void> add(const message::Message& message) = 0;
  // No more can be added before a commit.
  [[nodiscard]] virtual bool full() const = 0;
  // All that was added since the last one is in the queue; after an error, none of it counts as being there.
  virtual dirq::Result<void> commit() = 0;
};

}  // namespace simplevisor::transfer
