// workers/sarra/json_object.hpp
//
// The fields of a JSON object, each as the text it was written as: what is forwarded unchanged must not be read as a
// number and written again.
//
// JSON       strict: UTF-8, no comments, one object and nothing after it but white space, at most `depth_max` deep
//            and of `fields_max` fields. Of fields of the same name the last one is given.
// Errors     one line.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simplevisor::sarra {

inline constexpr std::size_t depth_max = 32;
inline constexpr std::size_t fields_max = 1000;

using RawFields = std::vector<std::pair<std::string, std::string>>;  // name, JSON text; in order

[[nodiscard]] std::expected<RawFields, std::string> raw_fields(std::string_view json);

}  // namespace simplevisor::sarra
