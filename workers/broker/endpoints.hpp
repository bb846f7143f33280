// workers/broker/endpoints.hpp
//
// Which endpoint to try next, and how long to wait before it, by the failover options of an address.
//
// Order      that of the list, or one drawn anew for each pass over it (`randomize`).
// Delay      none within a pass: another broker may be well. From the second pass on, before its first endpoint: the
//            initial delay, multiplied from pass to pass up to the maximum.
// End        after `reconnects_max` + 1 tries without success; never where that is not set.
// Threads    a plain value; nothing here waits, and chance comes from the seed alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "workers/broker/uri.hpp"

namespace simplevisor::broker {

class Endpoints {
 public:
  struct Try {
    Endpoint endpoint;
    std::chrono::milliseconds delay{0};
  };

  // Requires at least one endpoint, as parse_address() gives.
  Endpoints(Address address, std::uint32_t seed);

  // Nothing: the tries are used up.
  [[nodiscard]] std::optional<Try> next();

  // The last try led to a working connection: the count and the delay begin anew, with a delay before the first
  // endpoint, because a broker that accepts and then dies must not be met by a storm.
  void succeeded();

 private:
  [[nodiscard]] std::chrono::milliseconds delay_of_pass();
  void begin_pass();

  Address address_;
  std::mt19937 random_;
  std::vector<std::size_t> order_;
  std::size_t position_ = 0;
  std::uint64_t passes_ = 0;  // begun since the last success, with the pass of that success counted as one
  std::uint64_t tries_ = 0;
  double delay_ms_ = 0;
};

}  // namespace simplevisor::broker
