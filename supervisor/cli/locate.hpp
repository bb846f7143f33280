// supervisor/cli/locate.hpp
//
// Where things are: the configuration, the control socket, our own programs and the kinds that ship with them.
//
// Errors     a Failure with exit code 8 that lists the places that were looked at, or the first complaint.
// Threads    reads the environment: before other threads start.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/cli/command_line.hpp"
#include "supervisor/cli/terminal.hpp"
#include "supervisor/config/load.hpp"

namespace simplevisor::cli {

// The value of an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment process_environment();

// The configuration to use, absolute: --conf, then $SIMPLEVISOR_CONF, whether they exist or not; then the first
// of the usual places that exists.
std::expected<std::filesystem::path, Failure> find_configuration(const CommandLine& line,
                                                                 const Environment& environment);

// The usual places, in order.
std::vector<std::filesystem::path> usual_places(const Environment& environment);

// --socket, else control.sock in the state directory. That directory is read from the [simplevisor] table alone
// where it stands there, so that a running tree can be commanded while its configuration is being repaired.
std::expected<std::string, Failure> find_socket(const CommandLine& line, const Environment& environment);

// What `state_dir` says in the [simplevisor] table of the text of a configuration file; nullopt when it does not
// say it, or not in a way that can be read without the rest.
std::optional<std::string> state_dir_in(std::string_view text);

inline constexpr std::string_view socket_name = "control.sock";

// {bin_dir} is where this program is; its kinds are in ../share/simplevisor/kinds, or in $SIMPLEVISOR_KINDS.
config::LoadOptions load_options(const Environment& environment);

// What is wrong with a configuration, as one failure: its first complaint and the number of the others.
Failure failure_of(const std::vector<config::Complaint>& complaints);

}  // namespace simplevisor::cli
