// supervisor/config/env_file.hpp
//
// Environment files: NAME=VALUE lines, read at every start of a worker that names one.
//
// Semantics  systemd's EnvironmentFile=: blank lines and lines starting with `#` or `;` are skipped; a value
//            is unquoted (a backslash takes the next character as it is, blanks at its end do not count),
//            'quoted' (as it is) or "quoted" (a backslash before " \ ` $ takes it as it is); quotes may span
//            lines, and a backslash at the end of a line joins it with the next. In addition `export
//            NAME=VALUE` is understood. Nothing is expanded. Of a name given twice the last value counts.
// Errors     the first one, with file and line: stricter than systemd, which skips lines it does not
//            understand.
// Bounds     1 MiB a file, 10,000 names, 131,071 bytes a value (what execve takes).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/config/complaint.hpp"

namespace simplevisor::config {

using Environment = std::vector<std::pair<std::string, std::string>>;  // in order of first appearance

[[nodiscard]] std::expected<Environment, Complaint> read_env_file(const std::string& path);

// The same for text that is in memory; `file` is for the complaint only.
[[nodiscard]] std::expected<Environment, Complaint> parse_env(std::string_view text, std::string_view file);

}  // namespace simplevisor::config
