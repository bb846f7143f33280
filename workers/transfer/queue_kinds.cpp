#include "workers/transfer/queue_kinds.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "workers/dirq/batch.hpp"
#include "workers/dirq/layout.hpp"
#include "workers/dirq/normal/queue.hpp"
#include "workers/dirq/taker.hpp"
#include "workers/queue/normal_messages.hpp"

namespace simplevisor::transfer {
namespace {

std::unexpected<dirq::Error> malformed(std::string message) {
  return dirq::failed(dirq::Errc::malformed, std::move(message));
}

Brought trouble(std::string why) {
  Brought brought;
  brought.trouble = std::move(why);
  return brought;
}

std::optional<std::string> serialised(const Brought& brought) {
  if (!brought.message) return std::nullopt;
  auto content = message::encode(*brought.message);
  return content ? std::optional{*std::move(content)} : std::nullopt;
}

std::string where(const dirq::ElementName& letter, const queue::DeadLetters& dead) {
  return fmt::format("{} of {}", letter.str(), dead.path());
}

// ---- simple

class SimpleElement final : public TakenElement {
 public:
  SimpleElement(dirq::Queue& queue, dirq::Lock lock) : queue_{queue}, lock_{std::move(lock)} {}

  const dirq::ElementName& name() const override { return lock_.name(); }
  bool armed() const override { return lock_.armed(); }

  dirq::Result<Brought> read(std::size_t bytes_max) const override {
    auto content = lock_.get(bytes_max);
    if (!content && content.error().code == dirq::Errc::too_large) return trouble(content.error().message);
    if (!content) return std::unexpected(std::move(content).error());
    if (content->empty()) return trouble("malformed message: the element is empty");
    auto decoded = message::decode(*content, {.input_bytes_max = bytes_max, .body_bytes_max = bytes_max});
    Brought brought = decoded ? Brought{} : trouble(decoded.error().text());
    brought.bytes = content->size();
    if (decoded) brought.message = std::move(decoded->message);
    return brought;
  }

  dirq::Result<void> touch() override { return lock_.touch(); }
  dirq::Result<void> remove() override { return lock_.remove(); }
  dirq::Result<void> unlock() override { return lock_.unlock(); }

  dirq::Result<std::string> bury(queue::DeadLetters& dead, const std::string& reason) override {
    const dirq::ElementName was = lock_.name();
    const auto letter = dead.take(queue_, lock_);
    if (!letter) return std::unexpected(letter.error());
    dead.note(*letter, {1, reason, queue_.path(), was.str()});
    return where(*letter, dead);
  }

 private:
  dirq::Queue& queue_;
  dirq::Lock lock_;
};

class SimpleTaking final : public TakingQueue {
 public:
  explicit SimpleTaking(dirq::Queue queue) : queue_{std::move(queue)}, taker_{queue_} {}

  dirq::Queue::Identity identity() const override { return queue_.identity(); }
  dirq::Result<std::unique_ptr<TakenElement>> take() override {
    auto lock = taker_.next();
    if (!lock) return std::unexpected(std::move(lock).error());
    if (!*lock) return nullptr;
    return std::make_unique<SimpleElement>(queue_, **std::move(lock));
  }
  const dirq::PassedBy& passed_by() const override { return taker_.passed_by(); }
  dirq::Result<dirq::PurgeReport> purge(const dirq::PurgeOptions& options) override {
    return queue_.purge(options);
  }

 private:
  dirq::Queue queue_;
  dirq::Taker taker_;
};

class SimpleAdding final : public AddingQueue {
 public:
  SimpleAdding(dirq::Queue queue, const message::EncodeOptions& encode)
      : queue_{std::move(queue)}, encode_{encode} {}

  dirq::Result<void> add(const message::Message& message) override {
    const auto content = message::encode(message, encode_);
    if (!content) return malformed(content.error().text());
    if (!batch_) batch_.emplace(queue_);
    return batch_->add(*content);
  }
  bool full() const override { return batch_ && batch_->full(); }
  dirq::Result<void> commit() override {
    if (!batch_) return {};
    published_.clear();
    auto committed = batch_->commit(published_);
    batch_.reset();
    return committed;
  }

 private:
  dirq::Queue queue_;
  message::EncodeOptions encode_;
  std::optional<dirq::Batch> batch_;
  std::vector<dirq::ElementName> published_;
};

// ---- normal

class NormalElement final : public TakenElement {
 public:
  NormalElement(dirq::NormalQueue& queue, dirq::NormalLock lock) : queue_{queue}, lock_{std::move(lock)} {}

  const dirq::ElementName& name() const override { return lock_.name(); }
  bool armed() const override { return lock_.armed(); }

  dirq::Result<Brought> read(std::size_t bytes_max) const override {
    auto element = lock_.get(bytes_max);
    if (!element &&
        (element.error().code == dirq::Errc::too_large || element.error().code == dirq::Errc::malformed)) {
      return trouble(element.error().message);
    }
    if (!element) return std::unexpected(std::move(element).error());
    Brought brought;
    brought.message = queue::message_of(*std::move(element));
    brought.bytes = message::statistical_size(*brought.message);
    return brought;
  }

  dirq::Result<void> touch() override { return lock_.touch(); }
  dirq::Result<void> remove() override { return lock_.remove(); }
  dirq::Result<void> unlock() override { return lock_.unlock(); }

  dirq::Result<std::string> bury(queue::DeadLetters& dead, const std::string& reason) override {
    if (!letter_) {
      const auto brought = read(dirq::get_bytes_max);
      if (!brought) return std::unexpected(brought.error());
      const auto content = serialised(*brought);
      if (!content) return queue_.quarantine(lock_, reason);
      const auto letter = dead.add(*content);
      if (!letter) return std::unexpected(letter.error());
      letter_ = *letter;
      dead.note(*letter, {1, reason, queue_.path(), lock_.name().str()});
    }
    // Should this fail, it is tried again, and the letter is there already.
    if (auto removed = lock_.remove(); !removed) return std::unexpected(std::move(removed).error());
    return where(*letter_, dead);
  }

 private:
  dirq::NormalQueue& queue_;
  dirq::NormalLock lock_;
  std::optional<dirq::ElementName> letter_;  // once it is among the dead letters
};

class NormalTaking final : public TakingQueue {
 public:
  explicit NormalTaking(dirq::NormalQueue queue) : queue_{std::move(queue)} {}

  dirq::Queue::Identity identity() const override { return queue_.identity(); }
  dirq::Result<std::unique_ptr<TakenElement>> take() override {
    auto lock = queue_.take();
    if (!lock) return std::unexpected(std::move(lock).error());
    if (!*lock) return nullptr;
    return std::make_unique<NormalElement>(queue_, **std::move(lock));
  }
  const dirq::PassedBy& passed_by() const override { return queue_.passed_by(); }
  dirq::Result<dirq::PurgeReport> purge(const dirq::PurgeOptions& options) override {
    return queue_.purge(options);
  }

 private:
  dirq::NormalQueue queue_;
};

class NormalAdding final : public AddingQueue {
 public:
  explicit NormalAdding(dirq::NormalQueue queue) : queue_{std::move(queue)} {}

  dirq::Result<void> add(const message::Message& message) override {
    const auto name = queue_.add(queue::element_of(message));
    if (!name) return std::unexpected(name.error());
    return {};
  }
  bool full() const override { return false; }
  dirq::Result<void> commit() override { return {}; }

 private:
  dirq::NormalQueue queue_;
};

// Neither kind sees the other's elements for what they are.
dirq::Result<void> check_kind(const std::string& path, QueueKind kind) {
  if (kind == QueueKind::simple && dirq::detect_layout(path) == dirq::Layout::normal)
    return malformed("it is a normal queue, of type=DQN");
  return {};
}

dirq::NormalOptions normal_options(const AddingOptions& options) {
  return {.schema = queue::message_schema(),
          .umask = options.queue.umask,
          .rndhex = options.queue.rndhex,
          .durability = options.queue.durability,
          .elements_max = options.elements_max};
}

}  // namespace

dirq::Result<std::unique_ptr<TakingQueue>> TakingQueue::open(const std::string& path, QueueKind kind) {
  if (auto checked = check_kind(path, kind); !checked) return std::unexpected(std::move(checked).error());
  if (kind == QueueKind::normal) {
    auto queue = dirq::NormalQueue::open(path, normal_options({}));
    if (!queue) return std::unexpected(std::move(queue).error());
    return std::make_unique<NormalTaking>(*std::move(queue));
  }
  auto queue = dirq::Queue::open(path);
  if (!queue) return std::unexpected(std::move(queue).error());
  return std::make_unique<SimpleTaking>(*std::move(queue));
}

dirq::Result<std::unique_ptr<AddingQueue>> AddingQueue::open(const std::string& path, QueueKind kind,
                                                             const AddingOptions& options) {
  if (auto checked = check_kind(path, kind); !checked) return std::unexpected(std::move(checked).error());
  if (kind == QueueKind::normal) {
    auto queue = dirq::NormalQueue::open(path, normal_options(options));
    if (!queue) return std::unexpected(std::move(queue).error());
    return std::make_unique<NormalAdding>(*std::move(queue));
  }
  auto queue = dirq::Queue::open(path, options.queue);
  if (!queue) return std::unexpected(std::move(queue).error());
  return std::make_unique<SimpleAdding>(*std::move(queue), options.encode);
}

}  // namespace simplevisor::transfer
