// workers/transfer/settings_files.hpp
//
// Files of settings as the JSON objects that settings.hpp understands.
//
// Forms      TOML; JSON (the `with` table of a node); the files of stompclt and amqpclt (config_general.hpp). Everything may sit
//            inside one table named like the program, or like one of those two.
// Bounds     1 MiB; 32 levels deep, of TOML as many as a tree may have (supervisor/config/nesting.hpp).
// Errors     one line: file, and where the parser knows it line and column.
#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>

namespace simplevisor::transfer {

// By its name: JSON if it ends in ".json", TOML if in ".toml", else a file of stompclt or amqpclt.
[[nodiscard]] std::expected<boost::json::object, std::string> read_settings_file(const std::string& path);
[[nodiscard]] std::expected<boost::json::object, std::string> read_json_file(const std::string& path);
// `path` is named by complaints.
[[nodiscard]] std::expected<boost::json::object, std::string> parse_toml(const std::string& text,
                                                                         const std::string& path);

}  // namespace simplevisor::transfer
