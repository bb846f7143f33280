// supervisor/runtime/launch_material.hpp
//
// Makes the plan of a launch out of what is configured: arguments, environment, limits, credentials.
//
// Cost       strings and arrays are used again for the next launch, so that a restart in the steady state
//            allocates nothing; users, groups and places of programs are looked up once and remembered. System
//            calls: none, but for an environment file, which is read at every start.
// Ownership  the plan points into this object and is good until the next prepare().
// Threads    one.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/config/model.hpp"
#include "supervisor/core/events.hpp"
#include "supervisor/process/credentials.hpp"
#include "supervisor/process/launch_plan.hpp"

namespace simplevisor::runtime {

// A null-terminated array of strings whose memory is kept for the next use.
class StringArray {
 public:
  void clear() { used_ = 0; }
  // Adds the concatenation of the parts.
  void add(std::initializer_list<std::string_view> parts);
  [[nodiscard]] const char* const* pointers();
  [[nodiscard]] std::string_view front() const { return strings_.front(); }

 private:
  std::vector<std::string> strings_;
  std::vector<const char*> pointers_;
  std::size_t used_ = 0;
};

// What is particular to one start.
struct LaunchOccasion {
  const config::Program& program;
  std::uint32_t instance = 0;
  std::uint32_t index = 0;  // of the worker, for the cookie
  core::Life life = core::Life::none;
  std::string_view path;          // of the node, the instance's number included
  const std::string& fifo;        // where captured output goes; "" when nothing is captured
  const std::string& error_fifo;  // where captured standard error goes, if not there too
  const std::string& with_file;
  process::Scheduling scheduling = process::Scheduling::ordinary;
  bool log_in_json = false;  // its lines are kept as JSON: it may as well write them so
  // From the health monitor; empty without one.
  std::vector<std::pair<std::string, std::string>> extra_environment{};
  std::optional<process::Handover> handover{};
};

class LaunchMaterial {
 public:
  // What is the same for all workers of this supervisor.
  struct House {
    std::string name;
    std::string cookie;            // drawn anew at each start
    std::optional<rlimit> nofile;  // what a worker's limit is set back to, if ours was raised
    bool own_sessions = true;      // what `session = "auto"` means here
  };
  explicit LaunchMaterial(House house);

  // The error is one line, without the worker's name.
  [[nodiscard]] std::expected<const process::LaunchPlan*, std::string> prepare(
      const LaunchOccasion& occasion);

  // After an execve that did not find the program: it may be elsewhere by now.
  void forget_executables() { executables_.clear(); }

  // Null when the worker runs under our own ids.
  [[nodiscard]] std::expected<const process::Credentials*, std::string> credentials(
      const config::Setup& setup);

  // The variable by which processes of a life are recognised, and its value taken apart.
  static constexpr std::string_view cookie_variable = "SIMPLEVISOR_COOKIE";
  struct Cookie {
    std::uint32_t index;
    std::uint64_t life;
  };
  [[nodiscard]] std::optional<Cookie> parse_cookie(std::string_view value) const;

 private:
  using Variable = std::pair<std::string_view, std::string_view>;

  std::expected<void, std::string> compose_environment(const LaunchOccasion& occasion,
                                                       const process::Credentials* who);
  std::expected<void, std::string> compose_command(const LaunchOccasion& occasion);
  void compose_streams(const LaunchOccasion& occasion);
  void compose_limits(const config::Setup& setup);
  [[nodiscard]] process::Leads leads(config::Session session) const;

  House house_;
  std::vector<std::string> inherited_;  // our own environment, without what is meant for us alone
  std::map<std::pair<std::string, std::string>, process::Credentials> credentials_;
  std::map<std::pair<std::string, std::string>, std::string> executables_;  // by command and PATH

  process::LaunchPlan plan_;
  StringArray arguments_;
  StringArray environment_;
  std::vector<Variable> variables_;    // of this start, the last of a name counts
  std::vector<std::string> expanded_;  // holds what `variables_` points to
  std::vector<process::ResourceLimit> limits_;
  std::optional<process::Handover> handover_;
  std::string path_variable_;
};

}  // namespace simplevisor::runtime
