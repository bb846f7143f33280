// workers/queue/dead_letters.hpp
//
// Where messages go that nobody could handle: a directory queue like any other, with the reason of each beside it.
//
// Content    as it was, byte for byte, so that moving an element back is all a retry takes.
// Reasons    DEAD/.reasons/DDDDDDDD-EEEEEEEEEEEEEE, JSON. The element comes first: killed in between, a dead letter
//            has no reason but the log's.
// Removed    under us, it is made anew for the next letter.
// Errors     those of dirq; none of them is Errc::gone but of an element that was to be taken. A reason that cannot be
//            written is reported and no more.
// Threads    one at a time.
#pragma once

#include <string>
#include <string_view>

#include "workers/dirq/queue.hpp"
#include "workers/queue/side_files.hpp"

namespace simplevisor::queue {

class DeadLetters {
 public:
  static dirq::Result<DeadLetters> open(const std::string& path, dirq::Durability durability);

  [[nodiscard]] const std::string& path() const noexcept { return queue_.path(); }
  [[nodiscard]] dirq::Queue::Identity identity() const noexcept { return queue_.identity(); }

  // Moves a locked element here. The lock is used up on success.
  dirq::Result<dirq::ElementName> take(dirq::Queue& from, dirq::Lock& lock);
  // Adds what never was an element, such as a broker's message.
  dirq::Result<dirq::ElementName> add(std::string_view content);
  void note(const dirq::ElementName& letter, const Record& record);

  dirq::Result<dirq::PurgeReport> purge(const dirq::PurgeOptions& options);
  void purge_reasons();

 private:
  DeadLetters(dirq::Queue queue, dirq::Durability durability);
  dirq::Result<void> make_anew();

  dirq::Queue queue_;
  dirq::Durability durability_;
  SideFiles reasons_;
};

}  // namespace simplevisor::queue
