// supervisor/runtime/json_members.hpp
//
// Puts the members of an object of JSON, as a worker wrote it on one line, into an object of ours.
//
// Semantics  RFC 8259, strictly: what is not well-formed JSON and UTF-8 is not taken, so that the outcome is always JSON.
//            Values are copied as they stand, numbers keep every digit.
// Bounds     `json_depth_max` levels. Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace simplevisor::runtime {

inline constexpr std::size_t json_depth_max = 64;

// Appends `,"name":value` for each member of the object that `text` is, and returns true; or appends nothing, when it is
// something else. Members called as one of ours (time, stream, path, life, partial) get "worker_" before their name.
bool append_members(std::string& to, std::string_view text);

}  // namespace simplevisor::runtime
