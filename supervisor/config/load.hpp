// supervisor/config/load.hpp
//
// Reads a configuration file, what it includes and the kinds it uses, and makes a validated tree of it.
//
// Errors     every problem in all files is found in one run, in the order of the files and of the places in
//            them; of a file that is not TOML, the first syntax error. With one problem there is no
//            configuration.
// Bounds     files of 64 MiB, 10,000 files, includes 16 deep, supervisors 64 deep, names of 64 bytes, 10,000
//            complaints.
// Exceptions none but std::bad_alloc.
// Threads    blocking file access, and with `warnings` look-ups of users and groups: call it where that is
//            fine. Calls do not share anything.
#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/config/complaint.hpp"
#include "supervisor/config/model.hpp"

namespace simplevisor::config {

struct LoadOptions {
  // Directories whose *.toml hold the kinds that ship with the project. Of one name the first directory's
  // kind counts; a kind in the configuration itself overrides all of them. Directories that do not exist are
  // skipped.
  std::vector<std::filesystem::path> kinds_dirs;
  std::filesystem::path bin_dir;  // what {bin_dir} stands for: where our programs are

  // Also look at this machine: commands that cannot be executed, unknown users and groups, environment files
  // that cannot be read. They go to `Configuration::warnings` and refuse nothing: a start may come later,
  // elsewhere.
  bool warnings = false;

  // Where the default of `state_dir` comes from; not set: this process.
  std::optional<uid_t> uid;
  std::optional<std::map<std::string, std::string>> environment;
};

[[nodiscard]] std::expected<Configuration, std::vector<Complaint>> load(const std::filesystem::path& file,
                                                                        const LoadOptions& options);

}  // namespace simplevisor::config
