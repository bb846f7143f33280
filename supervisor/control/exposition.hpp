// supervisor/control/exposition.hpp
//
// Metrics as text: OpenMetrics for Prometheus, and Prometheus' older text format, which the textfile collector of its
// node exporter reads.
//
// Semantics  OpenMetrics 1.0.0 (2020-11); Prometheus text format 0.0.4. Families do not interleave: each is finished before the
//            next begins. Label values and help are escaped; what is no UTF-8 becomes U+FFFD.
// Bounds     `bytes_max` of text: lines that do not fit are left out whole, and counted; families that the text ends with are
//            whole in any case, for they are written with `always`.
// Threads    a plain value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "supervisor/runtime/measures.hpp"

namespace simplevisor::control {

enum class MetricsFormat : std::uint8_t { openmetrics, text };
enum class MetricType : std::uint8_t { gauge, counter, histogram, info, stateset, unknown };

[[nodiscard]] std::string_view content_type_of(MetricsFormat format);

class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  Exposition(MetricsFormat format, std::size_t bytes_max) : format_(format), bytes_max_(bytes_max) {}

  // `name` without `_total`, `_info` and the like, with its unit: "simplevisor_uptime_seconds", unit "seconds".
  void family(std::string_view name, MetricType type, std::string_view help, std::string_view unit = "");
  // Of the family that was begun last.
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, std::int64_t value);
  void sample(Labels labels, double value);
  void sample(Labels labels, const runtime::Histogram& histogram);

  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
  // From here on nothing is left out: few lines, that say what was.
  void always() noexcept { bytes_max_ = static_cast<std::size_t>(-1); }
  // The text, with its end.
  [[nodiscard]] std::string finish() &&;

 private:
  void put(std::string_view suffix, Labels labels, std::string_view le, std::string_view value);

  MetricsFormat format_;
  std::size_t bytes_max_;
  std::uint64_t left_out_ = 0;
  std::string text_;
  std::string line_;
  std::string name_;
  MetricType type_ = MetricType::gauge;
};

// Seconds, as exactly as a double can.
template <class Duration>
double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace simplevisor::control
