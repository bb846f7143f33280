// tests/bench/harness/statistics.hpp
//
// Percentiles, and nothing cleverer: values of a noisy machine have no distribution worth a formula.
#pragma once

#include <vector>

namespace simplevisor::bench {

// The smallest value such that `share` (0 .. 1) of all are not above it (nearest rank). Requires a value.
double percentile(std::vector<double> values, double share);

// The middle value, or the mean of the two in the middle. Requires a value.
double median(std::vector<double> values);

}  // namespace simplevisor::bench
