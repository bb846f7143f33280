#include "supervisor/control/exposition.hpp"

#include <fmt/format.h>

#include <array>

#include "supervisor/control/text.hpp"

namespace simplevisor::control {
namespace {

std::string_view name_of(MetricType type, MetricsFormat format) {
  const bool openmetrics = format == MetricsFormat::openmetrics;
  switch (type) {
    case MetricType::gauge:
      return "gauge";
    case MetricType::counter:
      return "counter";
    case MetricType::histogram:
      return "histogram";
    case MetricType::info:
      return openmetrics ? "info" : "gauge";
    case MetricType::stateset:
      return openmetrics ? "stateset" : "gauge";
    case MetricType::unknown:
      return openmetrics ? "unknown" : "untyped";
  }
  std::unreachable();
}

std::string_view suffix_of(MetricType type) {
  if (type == MetricType::counter) return "_total";
  return type == MetricType::info ? "_info" : "";
}

void append_escaped(std::string& text, std::string_view value) {
  const std::string clean = is_utf8(value) ? std::string{} : clean_utf8(value);
  for (const char c : clean.empty() ? value : std::string_view(clean)) {
    if (c == '\\')
      text += "\\\\";
    else if (c == '"')
      text += "\\\"";
    else if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
}

}  // namespace

std::string_view content_type_of(MetricsFormat format) {
  return format == MetricsFormat::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8";
}

void Exposition::family(std::string_view name, MetricType type, std::string_view help,
                        std::string_view unit) {
  name_ = name;
  type_ = type;
  // The older format knows families by the name of their samples.
  const bool openmetrics = format_ == MetricsFormat::openmetrics;
  const std::string shown = openmetrics ? name_ : fmt::format("{}{}", name_, suffix_of(type));
  std::string head = fmt::format("# TYPE {} {}\n", shown, name_of(type, format_));
  if (openmetrics && !unit.empty()) head += fmt::format("# UNIT {} {}\n", shown, unit);
  head += fmt::format("# HELP {} {}\n", shown, help);
  if (text_.size() + head.size() <= bytes_max_) text_ += head;
}

void Exposition::put(std::string_view suffix, Labels labels, std::string_view le, std::string_view value) {
  line_.clear();
  line_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& [label, text] : labels) {
    line_ += separator;
    line_.append(label).append("=\"");
    append_escaped(line_, text);
    line_ += '"';
    separator = ',';
  }
  if (!le.empty()) {
    line_ += separator;
    line_.append("le=\"").append(le).append("\"");
    separator = ',';
  }
  if (separator == ',') line_ += '}';
  line_ += ' ';
  line_.append(value).append("\n");
  if (text_.size() + line_.size() > bytes_max_) {
    ++left_out_;
    return;
  }
  text_ += line_;
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  put(suffix_of(type_), labels, "", fmt::format_int(value).c_str());
}
void Exposition::sample(Labels labels, std::int64_t value) {
  put(suffix_of(type_), labels, "", fmt::format_int(value).c_str());
}
void Exposition::sample(Labels labels, double value) {
  put(suffix_of(type_), labels, "", fmt::format("{}", value));
}

void Exposition::sample(Labels labels, const runtime::Histogram& histogram) {
  std::uint64_t sum = 0;
  for (std::size_t n = 0; n < histogram.counts().size(); ++n) {
    sum += histogram.counts()[n];
    const bool last = n == runtime::Histogram::bounds.size();
    std::string le = last ? "+Inf" : fmt::format("{}", seconds(runtime::Histogram::bounds[n]));
    // OpenMetrics wants bounds as floating point numbers: "1.0", not "1".
    if (!last && !le.contains('.')) le += ".0";
    put("_bucket", labels, le, fmt::format_int(sum).c_str());
  }
  put("_sum", labels, "", fmt::format("{}", seconds(histogram.sum())));
  put("_count", labels, "", fmt::format_int(sum).c_str());
}

std::string Exposition::finish() && {
  if (format_ == MetricsFormat::openmetrics) text_ += "# EOF\n";
  return std::move(text_);
}

}  // namespace simplevisor::control
