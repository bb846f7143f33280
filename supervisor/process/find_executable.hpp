// supervisor/process/find_executable.hpp
//
// Which file a command means: command[0] as execvp(3) would find it, but in the parent and before the
// launch, by the worker's own PATH.
//
// Semantics  a name with a slash is taken as it is, relative to `directory` (the worker's). Other names
//            are looked for in each element of `path`, an empty one being `directory`. Directories and
//            files that may not be executed are passed over; the error says so when nothing better was
//            found.
// Errors     not_found, not_permitted, system: one line that names the command and where it was looked
//            for.
// Limits     judged by our own rights, not those of the worker's user: execve has the last word.
#pragma once

#include <string>
#include <string_view>

#include "supervisor/process/error.hpp"

namespace simplevisor::process {

// execvp's default for a worker without PATH.
inline constexpr std::string_view default_path =
    "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

// `directory` empty: ours. The result is absolute unless `command` has a slash and `directory` is empty.
[[nodiscard]] Result<std::string> find_executable(std::string_view command, std::string_view path,
                                                  std::string_view directory = {});

}  // namespace simplevisor::process
