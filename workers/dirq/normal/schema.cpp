// workers/dirq/normal/schema.cpp
#include "workers/dirq/normal/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace simplevisor::dirq {

namespace {

std::optional<Field> parse_field(const std::string& name, std::string_view notation) {
  const std::size_t end = std::min(notation.find_first_of("?*"), notation.size());
  const std::string_view type = notation.substr(0, end);
  const std::string_view suffix = notation.substr(end);
  Field field{name, FieldType::binary, suffix.contains('?')};
  if (suffix.size() > 2 || suffix.find_first_not_of("?*") != std::string_view::npos) return std::nullopt;
  if (type == "binary") return field;
  field.type = FieldType::string;
  if (type == "string") return field;
  field.type = FieldType::table;
  if (type == "table" && !suffix.contains('*')) return field;
  return std::nullopt;
}

// Nothing, or what is wrong with it.
std::string_view add_file(ElementFiles& files, const Field& field, const Value& value) {
  const bool is_table = std::holds_alternative<Table>(value);
  if (is_table != (field.type == FieldType::table)) return is_table ? "is a table" : "is no table";
  const std::string_view bytes = is_table ? files.tables.emplace_back(encode_table(std::get<Table>(value)))
                                          : std::get<std::string>(value);
  if (field.type != FieldType::binary && !is_utf8(bytes)) return "is not UTF-8";
  files.files.push_back({field.name, bytes});
  return {};
}

}  // namespace

bool Schema::is_field_name(std::string_view name) noexcept {
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !name.empty() && name.size() <= name_bytes_max && name != "locked" &&
         std::ranges::all_of(name, alphanumeric);
}

Result<Schema> Schema::parse(const std::map<std::string, std::string>& types) {
  Schema schema;
  if (types.size() > fields_max)
    return failed(Errc::malformed, fmt::format("schema: more than {} fields", fields_max));
  for (const auto& [name, notation] : types) {
    if (!is_field_name(name))
      return failed(Errc::malformed, fmt::format("schema: \"{}\" cannot be the name of a field", name));
    auto field = parse_field(name, notation);
    if (!field)
      return failed(Errc::malformed, fmt::format("schema: field {}: \"{}\" is no type", name, notation));
    schema.fields_.push_back(*std::move(field));
  }
  if (!types.empty() && std::ranges::all_of(schema.fields_, &Field::optional))
    return failed(Errc::malformed, "schema: no field is mandatory");
  return schema;
}

Result<ElementFiles> Schema::files_of(const Element& element) const {
  if (fields_.empty()) return failed(Errc::malformed, "element: the queue was opened without a schema");
  ElementFiles files;
  std::size_t known = 0;
  for (const Field& field : fields_) {
    const auto value = element.find(field.name);
    if (value == element.end()) {
      if (field.optional) continue;
      return failed(Errc::malformed, fmt::format("element: field {} is missing", field.name));
    }
    ++known;
    if (const std::string_view wrong = add_file(files, field, value->second); !wrong.empty())
      return failed(Errc::malformed, fmt::format("element: field {} {}", field.name, wrong));
  }
  if (known == element.size()) return files;
  for (const auto& [name, value] : element) {
    if (std::ranges::find(fields_, name, &Field::name) == fields_.end())
      return failed(Errc::malformed, fmt::format("element: field {} is not in the schema", name));
  }
  std::unreachable();
}

Result<Value> Schema::value_of(const Field& field, std::string bytes) {
  if (field.type == FieldType::binary) return Value(std::move(bytes));
  if (!is_utf8(bytes)) return failed(Errc::malformed, "not UTF-8");
  if (field.type == FieldType::string) return Value(std::move(bytes));
  auto table = decode_table(bytes);
  if (!table) return std::unexpected(std::move(table).error());
  return Result<Value>(std::in_place, *std::move(table));  // a temporary Value confuses g++ 12
}

}  // namespace simplevisor::dirq
