// workers/service/setting_text.hpp
//
// The value of a setting in a file as the text that a command line would have.
//
// Values     texts as they are, numbers and booleans written out. Nothing: a list, a table or null.
// Threads    a free function without state.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

namespace simplevisor::service {

[[nodiscard]] std::optional<std::string> text_of(const boost::json::value& value);

}  // namespace simplevisor::service
