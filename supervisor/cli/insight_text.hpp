// supervisor/cli/insight_text.hpp
//
// Events, histories and explanations as people read them.
//
// Requires   the JSON of the control API (docs/api/openapi.json). What is missing is left out, what is not known is shown as it
//            is: the supervisor may be newer than the command.
// Times      local.
// Threads    pure functions, but for the time zone.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace simplevisor::cli {

// One line, with its end: "14:05:06.789 ended root/a, exited with status 69 (service unavailable), after 1.5s".
std::string event_text(const boost::json::object& event, bool colour);

// "2026-01-31T13:05:06.789Z" as local time, in milliseconds; as it is when it is something else.
std::string local_time(const std::string& utc, bool with_day);

std::string history_text(const boost::json::object& history, bool colour);

std::string why_text(const boost::json::object& why, bool colour);

}  // namespace simplevisor::cli
