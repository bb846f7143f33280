// tests/conformance/script.hpp
//
// What a worker of a scenario does: which of its starts fail, and whether it heeds a stop.
//
// Errors  std::invalid_argument, as fields.hpp has it.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "tests/conformance/fields.hpp"

namespace simplevisor::conformance {

// A worker as the scenario describes it, by the number that the core hands back as its `program`.
struct Script {
  std::string name;
  bool never_starts = false;
  std::int64_t fail_restarts = 0;
  std::set<std::int64_t> fail_attempts;
  bool ignores_stop = false;

  [[nodiscard]] bool fails(std::int64_t attempt) const {
    return never_starts || fail_attempts.contains(attempt) || (attempt >= 2 && attempt <= fail_restarts + 1);
  }
};

inline Script script_of(const json::object& object) {
  Script script;
  script.name = text(object, "name", "");
  if (const auto* start = object.if_contains("start"); start && start->is_string()) {
    script.never_starts = word<bool>(text_of(*start, "start"), {{"ok", false}, {"fail", true}});
  } else if (start) {
    const json::object& failures = object_of(*start, "start");
    if (const auto* restarts = failures.if_contains("fail_restarts")) {
      script.fail_restarts = number_of(*restarts, "fail_restarts", 0);
    } else {
      for (const auto& attempt : array_of(required(failures, "fail_attempts"), "fail_attempts")) {
        script.fail_attempts.insert(number_of(attempt, "fail_attempts", 1));
      }
    }
  }
  script.ignores_stop = truth(object, "ignore_stop");
  return script;
}

}  // namespace simplevisor::conformance
