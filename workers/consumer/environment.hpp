// workers/consumer/environment.hpp
//
// What an exec handler finds in its environment, made from its message.
//
//   SIMPLEVISOR_QUEUE, SIMPLEVISOR_ELEMENT   where the message is
//   SIMPLEVISOR_ATTEMPT                      1 for the first
//   SIMPLEVISOR_TEXT                         "true" or "false"; not in raw mode, as the rest:
//   SIMPLEVISOR_HEADER_FILE                  a file with the whole header as a JSON object
//   SIMPLEVISOR_HEADER_<NAME>                one for each header field: NAME in upper case, each byte that is no
//                                            ASCII letter or digit as "_"
//   SIMPLEVISOR_HEADER_OMITTED               how many fields are in the file only
//
// Names      of several fields whose names become the same, the bytewise first has the variable.
// Bounds     a field is left to the file when it holds a NUL, when name and value exceed `field_bytes_max`,
//            or when the header's variables together would exceed `header_bytes_max`: the kernel bounds the
//            environment.
// Inherited  everything else of our own environment, but what is meant for us alone: NOTIFY_SOCKET,
//            WATCHDOG_*, LISTEN_*, and any SIMPLEVISOR_HEADER_* that we were started with.
// Threads    plain functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "workers/message/message.hpp"

namespace simplevisor::consumer {

inline constexpr std::size_t field_bytes_max = std::size_t{16} << 10U;
inline constexpr std::size_t header_bytes_max = std::size_t{64} << 10U;

using Environment = std::vector<std::string>;  // "NAME=value"

// Our own environment, without what a handler must not see.
Environment inheritable(const char* const* environment);

std::string variable_name(std::string_view key);  // "SIMPLEVISOR_HEADER_REPLY_TO"

void add_header(Environment& environment, const message::Header& header);

std::string header_json(const message::Header& header);

}  // namespace simplevisor::consumer
