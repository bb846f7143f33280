// The conformance driver: one scenario a line in, one result a line out, until the end of the input. A line
// that is not a scenario is answered with {"id": ..., "error": "..."}, so that the answers stay in step with
// the lines.
#include <boost/json.hpp>
#include <iostream>
#include <stdexcept>
#include <string>

#include "tests/conformance/fields.hpp"
#include "tests/conformance/scenario.hpp"

int main() {
  using simplevisor::conformance::object_of;
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    boost::json::object result;
    boost::json::value id;
    try {
      boost::json::error_code ec;
      const auto parsed = boost::json::parse(line, ec);
      if (ec) throw std::invalid_argument("not JSON: " + ec.message());
      const auto& object = object_of(parsed, "line");
      const auto* wrapped = object.if_contains("scenario");
      const auto& scenario = wrapped ? object_of(*wrapped, "scenario") : object;
      if (const auto* given = scenario.if_contains("id")) id = *given;
      result = simplevisor::conformance::run_scenario(scenario);
    } catch (const std::exception& error) {
      result = {{"id", id}, {"error", error.what()}};
    }
    std::cout << boost::json::serialize(result) << '\n' << std::flush;
  }
}
