#include "workers/transfer/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "workers/service/report.hpp"

namespace simplevisor::transfer {

void Statistics::received(std::size_t bytes, TimePoint now) {
  if (count_++ == 0) first_ = now;
  last_ = now;
  bytes_ += bytes;
}

void Statistics::sent(TimePoint now) {
  last_ = now;
}

std::string Statistics::text() const {
  if (count_ == 0) return "processed no messages\n";
  if (count_ == 1) return "processed only 1 message\n";
  const double seconds = std::max(std::chrono::duration<double>(last_ - first_).count(), 1e-6);
  const auto count = static_cast<double>(count_);
  const auto bytes = static_cast<double>(bytes_);
  return fmt::format(
      "processed {} messages in {:.3f} seconds ({:.3f} k msg/sec)\n"
      "throughput is around {:.3f} MB/second\n"
      "average message size is around {:.0f} bytes\n",
      count_, seconds, count / seconds / 1000, bytes / seconds / (1024 * 1024), bytes / count);
}

std::string status_json(const Counters& counters, std::uint64_t bytes, std::size_t pending,
                        std::string_view state, std::string_view last_error) {
  return boost::json::serialize(boost::json::object{{"state", state},
                                                    {"received", counters.received},
                                                    {"sent", counters.sent},
                                                    {"settled", counters.settled},
                                                    {"discarded", counters.discarded},
                                                    {"retried", counters.retried},
                                                    {"quarantined", counters.quarantined},
                                                    {"bytes", bytes},
                                                    {"pending", pending},
                                                    {"reconnects", counters.reconnects},
                                                    {"last_error", service::printable(last_error)}});
}

}  // namespace simplevisor::transfer
