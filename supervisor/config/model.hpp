// supervisor/config/model.hpp
//
// What a configuration says, validated: the tree for the core, and for every worker what shall be run and
// how. The loader fills it in (load.hpp); nothing in it needs to be checked again, only resolved against the
// machine (users, files, limits), which happens when a worker starts.
//
// Ownership  plain values; a `Program` is shared by all instances of a pool, a `Setup` by all workers it
// suits. Memory     the bulk of what a supervisor keeps for each worker: strings and vectors are without
// slack. Paths      absolute, lexically normal: relative ones were taken relative to the file that holds
// them.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/config/complaint.hpp"
#include "supervisor/core/spec.hpp"

namespace simplevisor::config {

using Milliseconds = std::chrono::milliseconds;

// Where the text of a node stands, for messages about it: "file:line:column".
struct Location {
  std::shared_ptr<const std::string> file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// How lines stand in a worker's log: as they come, or one by one with time and stream, as text or as JSON objects.
enum class LogFormat : std::uint8_t { raw, text, json };
enum class LogTarget : std::uint8_t { files, journald, syslog };

struct Output {
  enum class Kind : std::uint8_t { capture, inherit, null, file };
  Kind kind = Kind::capture;
  std::string path;  // of `file`: opened for appending, created with 0640
  friend bool operator==(const Output&, const Output&) = default;
};

struct Readiness {
  // exec: started as soon as the program could be executed. notify: READY=1 by sd_notify. fd: a newline on
  // descriptor `fd`. after: still alive after `after`.
  enum class Kind : std::uint8_t { exec, notify, fd, after };
  Kind kind = Kind::exec;
  int fd = 3;
  Milliseconds after{0};
  friend bool operator==(const Readiness&, const Readiness&) = default;
};

// One of setrlimit(2)'s resources; RLIM_INFINITY for "unlimited".
struct Limit {
  int resource = 0;
  rlim_t soft = RLIM_INFINITY;
  rlim_t hard = RLIM_INFINITY;
  friend bool operator==(const Limit&, const Limit&) = default;
};

// Whether a worker leads a session of its own, or only a process group in the supervisor's session.
enum class Session : std::uint8_t {
  automatic,  // its own where the supervisor has a controlling terminal
  own,
  shared,
};

// How a worker is run: what many workers have in common. The loader keeps one `Setup` for all workers whose
// setups are equal, so that a thousand alike cost as much as one. Substitutions as in Program; paths have
// none left.
struct Setup {
  std::vector<std::pair<std::string, std::string>> env;  // wins over env_file
  std::string env_file;  // "" for none; NAME=VALUE lines, read at every start: env_file.hpp
  std::string cwd;       // "" for the supervisor's
  std::string user;      // name or number; "" for the supervisor's own
  std::string group;     // name or number; "" for the user's primary group
  std::optional<unsigned> umask;
  std::optional<int> nice;  // -20 .. 19
  std::vector<Limit> limits;
  int stop_signal = 15;
  Session session = Session::automatic;
  Output stdout_to{};
  Output stderr_to{};  // capture: into the same file as stdout
  // Of what is captured; none: as CaptureSettings have it.
  std::optional<LogFormat> log_format;
  std::optional<LogTarget> log_to;
  std::optional<std::uint64_t> flood_lines;  // a second; 0: no limit
  std::optional<std::uint64_t> flood_bytes;  // likewise
  Readiness ready{};
  Milliseconds start_timeout{90'000};
  Milliseconds watchdog{0};  // 0: none
  std::string kind;          // "" for none; for display only

  friend bool operator==(const Setup&, const Setup&) = default;
};

// What a worker runs. In `command` and in the values of `env` the substitutions {name}, {path}, {state_dir}
// and {bin_dir} are already made; {instance} and {with} stand for what only a start knows, and braces that
// stood for themselves ("{{") are still doubled: call expand() of substitute.hpp.
struct Program {
  std::string name;                    // of the worker or pool
  std::string path;                    // its place in the tree: "root/broker-a/send-a"
  std::vector<std::string> command;    // at least one element; never a shell string
  std::string with_json;               // the node's `with` table as JSON; "" when there is none
  std::shared_ptr<const Setup> setup;  // never null
  Location where;
  bool pool = false;  // instances: their path is path + "/" + number
};

struct LogSettings {
  std::string level = "info";  // trace debug info warn error off
  bool to_stderr = true;
  std::string file;  // "" for none
  std::uint64_t file_max_bytes = 10u << 20;
  unsigned file_count = 5;
  std::string syslog;  // facility ("daemon"), "" for none
  bool json = false;   // one JSON object a line instead of text
};

struct CaptureSettings {  // one file per worker, below state_dir/log
  std::uint64_t max_bytes = 10u << 20;
  unsigned files = 5;             // rotated ones kept beside the current one
  Milliseconds age{0};            // a file whose first line is older is rotated; 0: never
  std::uint64_t total_bytes = 0;  // of all logs together; 0: no limit
  bool compress = true;           // rotated files, but for the youngest
  LogFormat format = LogFormat::text;
  LogTarget to = LogTarget::files;
  std::uint64_t flood_lines = 0;  // of one worker, a second; 0: no limit. Not in format raw
  std::uint64_t flood_bytes = 0;  // likewise
  bool drop =
      true;  // what a worker prints when its log cannot be written and its FIFO is full, rather than let it wait
};

// Who may do what to which part of the tree, beside root and the supervisor's own user.
struct Grant {
  enum class Role : std::uint8_t { read, operate, admin };  // each may do what the one before may
  enum class Who : std::uint8_t { user, group, everybody };
  Role role = Role::read;
  Who who = Who::user;
  std::string name;  // name or number; "" for everybody
  std::string path;  // of the node that it, and all below it, is for; "" for the whole tree
  friend bool operator==(const Grant&, const Grant&) = default;
};

struct Listen {         // on TCP
  std::string address;  // numeric
  std::uint16_t port = 0;
  std::string token_file;
  bool write = false;
  std::vector<std::string> hosts;  // in lower case
  std::string certificate;         // "" for no TLS
  std::string key;
};

struct ControlSettings {
  std::vector<Grant> grants;
  std::optional<Listen> listen;
};

struct Settings {
  std::string name = "simplevisor";
  std::string state_dir;
  bool prefer_restarts = true;  // ahead of other processes, where we may
  LogSettings log{};
  CaptureSettings capture{};
  ControlSettings control{};
};

struct Configuration {
  Settings settings{};
  // The root supervisor; its `program`-less `ChildSpec` names it. Workers refer to `programs` by index.
  std::shared_ptr<const core::ChildSpec> root;
  std::vector<std::shared_ptr<const Program>> programs;
  std::vector<std::string> files;   // every file that was read, in order
  std::vector<Complaint> warnings;  // see LoadOptions::warnings
};

}  // namespace simplevisor::config
