// workers/dirq/taker.hpp
//
// Finds and locks the next available element, so that several takers on one queue help instead of hindering
// each other.
//
// Order      oldest first, as long as nobody else takes. A taker that meets another leaps over the rest of
//            the stretch of names it is in, so that soon each works alone in its own: with n takers an
//            element comes about n stretches out of order at most. What was leapt over is listed again before
//            the pass goes on.
// Locked     elements that the listing shows as locked are not tried.
// Passed by  an element that cannot be locked, or a directory that cannot be listed, stops nobody: the pass goes on, and
//            says at its end what it passed by. Errors are for what concerns all: no space, no descriptors.
// Threads    those of its queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/lock.hpp"
#include "workers/dirq/queue.hpp"

namespace simplevisor::dirq {

struct TakerOptions {
  // Names leapt over at a meeting. Unset: a 32nd of what the directory holds, within 8 and 512, so that meetings are
  // rare in a long queue and the order is good in a short one. 0: none, every element in strict order, as other
  // implementations do.
  std::optional<std::size_t> stretch = std::nullopt;
};

class Taker {
 public:
  explicit Taker(Queue& queue, TakerOptions options = {});

  // The next element, locked. Nothing: the pass is over, every element it saw was taken or is locked by
  // somebody; the next call begins a new pass.
  Result<std::optional<Lock>> next();

  // Of the pass that ended last.
  [[nodiscard]] const PassedBy& passed_by() const noexcept { return passed_by_; }

  // Forgets the present pass, so that the next call sees what came since.
  void restart() noexcept;

  // Elements another was faster with, so far.
  [[nodiscard]] std::uint64_t meetings() const noexcept { return meetings_; }

 private:
  Result<bool> refill();
  Error cannot_lock(const ElementName& name, int error) const;

  std::shared_ptr<Store> store_;
  TakerOptions options_;
  bool in_pass_ = false;
  std::vector<std::uint32_t> directories_;  // still to be listed in this pass, newest first
  std::uint32_t directory_ = 0;             // the one in hand
  std::vector<std::uint64_t> elements_;     // its elements, sorted
  std::size_t at_ = 0;
  std::size_t stretch_ = 0;  // for this listing
  bool leapt_ = false;       // some elements of the listing were passed over
  bool took_ = false;        // some element of the listing was taken
  bool linear_ = false;      // no leaping: the last listing brought nothing
  PassedBy now_;             // in the present pass
  PassedBy passed_by_;
  std::uint64_t meetings_ = 0;
};

}  // namespace simplevisor::dirq
