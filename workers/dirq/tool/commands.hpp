// workers/dirq/tool/commands.hpp
//
// What simplevisor-dirq does, one function per command; main.cpp reads the command line.
//
// Output     standard output; a failed write of it is an error like any other.
// Errors     one line "simplevisor-dirq: what: why" on standard error, and an exit code.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/layout.hpp"
#include "workers/dirq/options.hpp"

namespace simplevisor::dirq::tool {

// Documented in the program's help; scripts depend on them.
enum Exit : int {
  exit_done = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_bad_name = 65,     // EX_DATAERR: not an element name, or a file that cannot be an element
  exit_not_found = 66,    // EX_NOINPUT: no such queue, element or file
  exit_no_space = 73,     // EX_CANTCREAT
  exit_busy = 75,         // EX_TEMPFAIL: the element is locked by another
  exit_not_allowed = 77,  // EX_NOPERM
};

// A queue's directory, and what kind of queue it is; unset: what it looks like.
struct Target {
  std::string path;
  std::optional<Layout> layout;
};

struct AddRequest {
  Target queue;
  std::vector<std::string> files;   // "-": standard input; none at all means the same
  std::vector<std::string> fields;  // NAME=FILE: those of one element of a normal queue
  Options options;
  bool lines = false;      // one element for each line
  bool take_over = false;  // the file itself becomes the element
  bool quiet = false;
  bool json = false;
};

struct PurgeRequest {
  Target queue;
  PurgeOptions options;
  bool json = false;
};

int add(const AddRequest& request);
int count(const Target& queue, bool json);
int list(const Target& queue, bool json);
// Of an element with several fields, one is named.
int get(const Target& queue, const std::string& name, const std::optional<std::string>& field);
int purge(const PurgeRequest& request);
int stat(const Target& queue, bool json);

// Reports, and gives the exit code of the error's class.
int fail(const Error& error);
int fail(Exit code, std::string_view message);
// Writes to standard output; reports what goes wrong. exit_done, or exit_failed.
int print(std::string_view text);
std::string json_string(std::string_view text);

}  // namespace simplevisor::dirq::tool
