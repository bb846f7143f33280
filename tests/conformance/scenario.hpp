// tests/conformance/scenario.hpp
//
// Runs one conformance scenario (docs/otp-scenarios.md) through the core with virtual processes and a virtual
// clock, and says what happened in the words in which the real Erlang/OTP was recorded.
#pragma once

#include <boost/json/object.hpp>

namespace simplevisor::conformance {

// `scenario` is the value of "scenario"; the result is the value of "expected". Throws std::exception for a
// scenario that is not one.
boost::json::object run_scenario(const boost::json::object& scenario);

}  // namespace simplevisor::conformance
