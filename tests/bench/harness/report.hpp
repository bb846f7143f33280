// tests/bench/harness/report.hpp
//
// From collected numbers to what is shown: ratios, verdicts, a table in Markdown and a JSON document.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/harness/runner.hpp"

namespace simplevisor::bench {

struct Cell {
  std::optional<double> value{};
  std::optional<double> ratio{};  // to the fastest bare loop of the column
  std::optional<bool> pass{};     // judged, for the systems that are to reach the limits
};

struct Row {
  std::string system;
  std::vector<Cell> cells;  // as many as the measure has columns
};

// One row per system, in their order. `judged` says which systems are to reach the limits.
std::vector<Row> rows_of(const MeasureResult& result, const std::vector<System>& systems,
                         const std::function<bool(const System&)>& judged);

std::string markdown(const MeasureResult& result, const std::vector<Row>& rows);

// Which machine and when, what the systems are, one line each.
std::string footnotes(const std::vector<System>& systems);

std::string json(const std::vector<MeasureResult>& results, const std::vector<std::vector<Row>>& rows,
                 const std::vector<System>& systems);

}  // namespace simplevisor::bench
