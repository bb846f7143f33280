#include "workers/queue/dead_letters.hpp"

#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::queue {

dirq::Result<DeadLetters> DeadLetters::open(const std::string& path, dirq::Durability durability) {
  dirq::Options options;
  options.durability = durability;
  auto queue = dirq::Queue::open(path, options);
  if (!queue) {
    dirq::Error error = std::move(queue).error();
    if (error.code == dirq::Errc::gone) error.code = dirq::Errc::no_queue;  // what it should be in
    return std::unexpected(std::move(error));
  }
  return DeadLetters{*std::move(queue), durability};
}

DeadLetters::DeadLetters(dirq::Queue queue, dirq::Durability durability)
    : queue_{std::move(queue)}, durability_{durability}, reasons_{queue_.path(), reasons_directory} {}

dirq::Result<void> DeadLetters::make_anew() {
  auto made = open(queue_.path(), durability_);
  if (!made) return std::unexpected(std::move(made).error());
  *this = *std::move(made);
  return {};
}

dirq::Result<dirq::ElementName> DeadLetters::take(dirq::Queue& from, dirq::Lock& lock) {
  auto moved = from.move(lock, queue_);
  if (moved || moved.error().code != dirq::Errc::no_queue) return moved;
  if (auto made = make_anew(); !made) return std::unexpected(std::move(made).error());
  return from.move(lock, queue_);
}

dirq::Result<dirq::ElementName> DeadLetters::add(std::string_view content) {
  auto added = queue_.add(content);
  const auto is_gone = [](dirq::Errc code) {
    return code == dirq::Errc::gone || code == dirq::Errc::no_queue;
  };
  if (added || !is_gone(added.error().code)) return added;
  if (auto made = make_anew(); !made) return std::unexpected(std::move(made).error());
  return queue_.add(content);
}

void DeadLetters::note(const dirq::ElementName& letter, const Record& record) {
  if (const auto error = reasons_.store(letter, record))
    service::warn({{"dead_letter", letter.str()}}, "cannot write the reason of {}: {}", letter.str(),
                  error.message());
}

dirq::Result<dirq::PurgeReport> DeadLetters::purge(const dirq::PurgeOptions& options) {
  return queue_.purge(options);
}

void DeadLetters::purge_reasons() {
  reasons_.purge([this](const dirq::ElementName& name) {
    const auto size = queue_.size(name);
    // What cannot be looked at may still be there.
    return size || size.error().code != dirq::Errc::gone;
  });
}

}  // namespace simplevisor::queue
