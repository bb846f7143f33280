// supervisor/config/sources.hpp
//
// Finds and reads the files of a configuration: the file itself, what it includes, the kinds that ship with us.
//
// Order      a file comes before what it includes; shipped kinds come last. Each file is read once, whatever names
//            lead to it; one that includes itself, directly or not, is an error.
// Errors     go to the report. A file that cannot be read or parsed stays in the list, without tables, and makes
//            the sources incomplete: names that seem to be missing may stand in it, so only those are complained
//            about that look misspelt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "supervisor/config/draft.hpp"
#include "supervisor/config/load.hpp"
#include "supervisor/config/report.hpp"

namespace simplevisor::config {

struct Source {
  std::string name;           // as it was asked for: what complaints show
  std::filesystem::path dir;  // absolute: what relative paths in it are relative to
  toml::table table{};
  bool shipped = false;  // from one of LoadOptions::kinds_dirs: holds kinds only
};

struct Sources {
  std::vector<Source> files;  // at least one; `Where::file` is an index
  SettingsDraft settings;     // of the first file
  bool complete = true;

  [[nodiscard]] std::vector<std::string> names() const;
};

[[nodiscard]] Sources read_sources(const std::filesystem::path& file, const LoadOptions& options,
                                   Report& report);

}  // namespace simplevisor::config
