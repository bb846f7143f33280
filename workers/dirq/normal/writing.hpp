// workers/dirq/normal/writing.hpp
//
// The steps of an add to a normal queue. Private to the library.
//
// Commit     the rename out of TOP/temporary: the element appears with all its files.
// Crash      before it: a directory in TOP/temporary, which a purge removes when it is old. After it: nothing.
// Errors     on every error the temporary is removed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/normal/schema.hpp"

namespace simplevisor::dirq {

class Store;

// The intermediate directory that new elements go to: the last one, until it is full. Intermediate directories are
// numbered, and a reader takes them in that order.
//
// Cost       the top is listed for each element, as others may have begun a new directory; the elements of the last one
//            are counted again after an eighth of the room it had, so that several writers do not overfill it by much.
class InsertionPlace {
 public:
  explicit InsertionPlace(std::size_t elements_max) : elements_max_(elements_max) {}

  Result<std::uint32_t> directory(Store& store);
  void filled() noexcept { room_ -= room_ > 0 ? 1 : 0; }
  void forget() noexcept { room_ = 0; }

 private:
  std::size_t elements_max_;
  std::uint32_t directory_ = 0;
  std::size_t room_ = 0;  // what may be added before `directory_` is counted again
};

Result<ElementName> add_element(Store& store, InsertionPlace& place, const ElementFiles& files);

}  // namespace simplevisor::dirq
