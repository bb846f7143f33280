// The conformance driver: one scenario a line in, one result a line out, until the end of the input. A line
// that is not a scenario is answered with {"id": ..., "error": "..."}, so that the answers stay in step with
// the lines.
#include <boost/json.hpp>
#include <iostream>
#include <string>

#include "tests/conformance/scenario.hpp"

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    boost::json::object result;
    boost::json::value id;
    try {
      const auto parsed = boost::json::parse(line);
      const auto& object = parsed.as_object();
      const auto* wrapped = object.if_contains("scenario");
      const auto& scenario = wrapped ? wrapped->as_object() : object;
      if (const auto* given = scenario.if_contains("id")) id = *given;
      result = simplevisor::conformance::run_scenario(scenario);
    } catch (const std::exception& error) {
      result = {{"id", id}, {"error", error.what()}};
    }
    std::cout << boost::json::serialize(result) << '\n' << std::flush;
  }
}
