#include "workers/queue/dead_letters.hpp"

#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::queue {

dirq::Result<DeadLetters> DeadLetters::open(const std::string& path, dirq::Durability durability) {
  dirq::Options options;
  options.durability = durability;
  auto queue = dirq::Queue::open(path, options);
  if (!queue) return std::unexpected(std::move(queue).error());
  return DeadLetters{*std::move(queue)};
}

DeadLetters::DeadLetters(dirq::Queue queue)
    : queue_{std::move(queue)}, reasons_{queue_.path(), reasons_directory} {}

dirq::Result<dirq::ElementName> DeadLetters::take(dirq::Queue& from, dirq::Lock& lock) {
  return from.move(lock, queue_);
}

dirq::Result<dirq::ElementName> DeadLetters::add(std::string_view content) {
  return queue_.add(content);
}

void DeadLetters::note(const dirq::ElementName& letter, const Record& record) {
  if (const auto error = reasons_.store(letter, record))
    service::report("cannot write the reason of {}: {}", letter.str(), error.message());
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
