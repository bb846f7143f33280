// workers/message/json_fields.hpp
//
// The four fields of a serialised message, read from JSON text in one pass, before the body's encoding is
// undone.
//
// Boost.JSON's event parser is used, not its values: values drop the text of numbers, which a header may hold
// and must give back unchanged, and keep fields that nobody asked for.
//
// JSON       strict: UTF-8 without BOM, no comments, no lone surrogate, nothing after the one object but
//            white space. The last of duplicate keys wins, whatever the earlier ones held of the same type.
// Limits     depth; memory is at most proportional to the input, which the caller bounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "workers/message/error.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::message {

struct JsonFields {
  Header header;
  std::string body;
  std::string encoding;
  bool text = false;
  std::size_t unknown_fields = 0;
};

[[nodiscard]] Result<JsonFields> parse_json_fields(std::string_view json);

}  // namespace simplevisor::message
