#include "workers/amqp/fingerprint.hpp"

#include <functional>

#include "workers/amqp/bytes.hpp"

namespace simplevisor::amqp {
namespace {

std::uint64_t mixed(std::uint64_t value, std::uint64_t part) {
  value = (value ^ part) * 0x9e3779b97f4a7c15U;
  return value ^ (value >> 29);
}

std::uint64_t mixed(std::uint64_t value, std::string_view part) {
  return mixed(value, std::hash<std::string_view>{}(part));
}

}  // namespace

std::uint64_t fingerprint(const amqp_basic_properties_t& properties) {
  std::uint64_t value = 0;
  const auto add = [&](amqp_flags_t flag, const amqp_bytes_t& text) {
    if ((properties._flags & flag) != 0) value = mixed(mixed(value, flag), view(text));
  };
  add(AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type);
  add(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id);
  add(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id);
  add(AMQP_BASIC_TYPE_FLAG, properties.type);
  add(AMQP_BASIC_APP_ID_FLAG, properties.app_id);
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return value;
  std::uint64_t sum = 0;  // the broker may give the table back in another order
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.headers.entries[i];
    if (entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;  // none of ours
    sum += mixed(mixed(0, view(entry.key)), view(entry.value.value.bytes));
  }
  return mixed(value, sum);
}

std::uint64_t fingerprint(std::string_view exchange, std::string_view routing_key, std::uint64_t properties,
                          std::string_view body) {
  return mixed(mixed(mixed(mixed(0, exchange), routing_key), properties), body);
}

}  // namespace simplevisor::amqp
