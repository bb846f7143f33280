// workers/dirq/normal/schema.hpp
//
// What an element of a normal queue consists of: fields, each with a name, a type and, perhaps, the right to be absent.
//
// Notation   that of the Perl and Python libraries: {"header": "table", "body": "binary?"}. "?" is optional; "*" (hand
//            over by reference) means nothing here and is accepted where they accept it. At least one field must be
//            mandatory: an element without files would be overwritten by the next rename.
// Types      binary: bytes. string: text, UTF-8. table: text to text, table.hpp.
// Errors     `malformed`, naming the field.
// Threads    plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/normal/table.hpp"

namespace simplevisor::dirq {

using Value = std::variant<std::string, Table>;
using Element = std::map<std::string, Value, std::less<>>;  // by field

enum class FieldType : std::uint8_t { binary, string, table };

struct Field {
  std::string name;
  FieldType type = FieldType::binary;
  bool optional = false;
};

// An element as the files it is made of.
struct ElementFiles {
  struct File {
    std::string_view name;
    std::string_view bytes;
  };
  std::vector<File> files;         // views into the schema, the element, and `tables`
  std::deque<std::string> tables;  // grows without moving what is in it
};

class Schema {
 public:
  static constexpr std::size_t fields_max = 64;
  static constexpr std::size_t name_bytes_max = 64;

  // Without fields: a queue that can do everything but add and get.
  Schema() = default;
  static Result<Schema> parse(const std::map<std::string, std::string>& types);

  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }

  // Checks `element` against the schema. The result refers to both.
  [[nodiscard]] Result<ElementFiles> files_of(const Element& element) const;
  // The value that a file of `field` holds.
  static Result<Value> value_of(const Field& field, std::string bytes);

  // [0-9a-zA-Z]+, not too long, and not the name of the lock.
  static bool is_field_name(std::string_view name) noexcept;

 private:
  std::vector<Field> fields_;  // sorted by name
};

}  // namespace simplevisor::dirq
