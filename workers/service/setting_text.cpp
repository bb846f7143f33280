#include "workers/service/setting_text.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

namespace simplevisor::service {

std::optional<std::string> text_of(const boost::json::value& value) {
  if (value.is_string()) return std::string{value.as_string()};
  if (value.is_double()) return fmt::format("{}", value.as_double());
  if (value.is_number()) return boost::json::serialize(value);
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return std::nullopt;
}

}  // namespace simplevisor::service
