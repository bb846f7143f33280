#include "workers/transfer/taps.hpp"

#include <utility>

#include "workers/message/codec.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::transfer {

bool Taps::add(const std::string& path, const message::Message& message) {
  Tap& tap = taps_[path];
  const auto content = message::encode(message);
  if (!content) {
    // It will never be possible, and the message itself is another matter.
    service::report("cannot copy to {}: {}", path, content.error().text());
    return true;
  }
  return write(tap, path, *content);
}

bool Taps::write(Tap& tap, const std::string& path, const std::string& content) const {
  const auto trouble = [&](const dirq::Error& error) {
    if (!std::exchange(tap.in_trouble, true))
      service::warn({{"queue", path}}, "cannot copy to {}: {}", path, error.message);
    return false;
  };
  if (!tap.queue) {
    dirq::Options options;
    options.durability = durability_;
    auto queue = dirq::Queue::open(path, options);
    if (!queue) return trouble(queue.error());
    tap.queue = *std::move(queue);
  }
  if (const auto added = tap.queue->add(content); !added) return trouble(added.error());
  if (std::exchange(tap.in_trouble, false)) service::inform({{"queue", path}}, "copying to {} again", path);
  return true;
}

}  // namespace simplevisor::transfer
