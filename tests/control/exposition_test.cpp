// The two text formats of metrics, to the letter.
#include "supervisor/control/exposition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace simplevisor::control {
namespace {

using std::chrono::microseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Exposition everything(MetricsFormat format, std::size_t bytes_max = 1u << 20) {
  Exposition out(format, bytes_max);
  out.family("x_build", MetricType::info, "Version.");
  out.sample({{"version", "1"}}, std::uint64_t{1});
  out.family("x_time_seconds", MetricType::counter, "Time.", "seconds");
  out.sample({{"node", "a"}, {"cause", "b"}}, std::uint64_t{18446744073709551615u});
  out.family("x_left", MetricType::gauge, "Left.");
  out.sample({}, std::int64_t{-5});
  out.sample({}, 0.25);
  out.family("x_phase", MetricType::stateset, "Phase.");
  out.sample({{"x_phase", "up"}}, std::uint64_t{1});
  out.family("x_any", MetricType::unknown, "Any.");
  out.sample({}, std::uint64_t{7});
  return out;
}

TEST(Exposition, WritesOpenMetrics) {
  EXPECT_EQ(everything(MetricsFormat::openmetrics).finish(),
            "# TYPE x_build info\n# HELP x_build Version.\nx_build_info{version=\"1\"} 1\n"
            "# TYPE x_time_seconds counter\n# UNIT x_time_seconds seconds\n# HELP x_time_seconds Time.\n"
            "x_time_seconds_total{node=\"a\",cause=\"b\"} 18446744073709551615\n"
            "# TYPE x_left gauge\n# HELP x_left Left.\nx_left -5\nx_left 0.25\n"
            "# TYPE x_phase stateset\n# HELP x_phase Phase.\nx_phase{x_phase=\"up\"} 1\n"
            "# TYPE x_any unknown\n# HELP x_any Any.\nx_any 7\n# EOF\n");
}

TEST(Exposition, WritesTheOlderFormatOfTheTextfileCollector) {
  EXPECT_EQ(everything(MetricsFormat::text).finish(),
            "# TYPE x_build_info gauge\n# HELP x_build_info Version.\nx_build_info{version=\"1\"} 1\n"
            "# TYPE x_time_seconds_total counter\n# HELP x_time_seconds_total Time.\n"
            "x_time_seconds_total{node=\"a\",cause=\"b\"} 18446744073709551615\n"
            "# TYPE x_left gauge\n# HELP x_left Left.\nx_left -5\nx_left 0.25\n"
            "# TYPE x_phase gauge\n# HELP x_phase Phase.\nx_phase{x_phase=\"up\"} 1\n"
            "# TYPE x_any untyped\n# HELP x_any Any.\nx_any 7\n");
}

TEST(Exposition, EscapesLabelsAndMendsWhatIsNoUtf8) {
  Exposition out(MetricsFormat::openmetrics, 1u << 20);
  out.family("x", MetricType::gauge, "X.");
  out.sample({{"node", "a\"b\\c\nd\xff\xc3\xa9"}}, std::uint64_t{1});
  EXPECT_THAT(std::move(out).finish(), HasSubstr("x{node=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\xc3\xa9\"} 1\n"));
}

TEST(Exposition, AddsUpTheBucketsOfAHistogram) {
  runtime::Histogram histogram;
  histogram.add(microseconds{100});  // a bound belongs to its bucket
  histogram.add(microseconds{101});
  histogram.add(std::chrono::seconds{1});
  histogram.add(std::chrono::seconds{100});
  Exposition out(MetricsFormat::openmetrics, 1u << 20);
  out.family("x_seconds", MetricType::histogram, "X.", "seconds");
  out.sample({{"a", "b"}}, histogram);
  const std::string text = std::move(out).finish();
  EXPECT_THAT(text, HasSubstr("x_seconds_bucket{a=\"b\",le=\"0.0001\"} 1\n"
                              "x_seconds_bucket{a=\"b\",le=\"0.00025\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("x_seconds_bucket{a=\"b\",le=\"1.0\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("x_seconds_bucket{a=\"b\",le=\"+Inf\"} 4\n"
                              "x_seconds_sum{a=\"b\"} 101.000201\nx_seconds_count{a=\"b\"} 4\n"));
}

TEST(Exposition, LeavesOutWholeLinesBeyondItsSizeAndCountsThem) {
  Exposition out(MetricsFormat::openmetrics, 60);
  out.family("x", MetricType::gauge, "X.");  // 29 bytes; each sample has 6
  for (std::uint64_t n = 100; n < 200; ++n) out.sample({}, n);
  EXPECT_EQ(out.left_out(), 95u);
  out.always();
  out.family("y", MetricType::gauge, "Y.");
  out.sample({}, out.left_out());
  const std::string text = std::move(out).finish();
  EXPECT_THAT(text, HasSubstr("x 104\n# TYPE y gauge"));
  EXPECT_THAT(text, EndsWith("y 95\n# EOF\n"));
}

}  // namespace
}  // namespace simplevisor::control
