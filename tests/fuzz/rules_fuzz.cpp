// What a fuzzer calls with any bytes: conditions and rules, which users write, applied to a message of the same bytes.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workers/rules/rules.hpp"

namespace {

using namespace simplevisor;

void require(bool fact) {
  if (!fact) std::abort();
}

message::Message message_of(std::string_view bytes) {
  return {{{"a", std::string{bytes.substr(0, 20)}}, {"n", "5"}, {"redelivered", "true"}},
          std::string{bytes},
          false};
}

void apply(std::string_view json) {
  boost::json::error_code error;
  const auto value = boost::json::parse(json, error);
  if (error) return;
  const auto rules = rules::Rules::parse(value);
  if (!rules) {
    require(!rules.error().empty());
    return;
  }
  message::Message message = message_of(json);
  const message::Message before = message;
  const auto verdict = rules->apply(message);
  require(verdict || message == before);
  require(message.body == before.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto condition = rules::parse_condition(text))
    (void)(*condition)(message_of(text));
  else
    require(condition.error().starts_with("column "));
  apply(text);
  return 0;
}
