// workers/sarra/command_line.hpp
//
// The command line of a program with an option table: --NAME for each, and --with FILE for the JSON of a node's `with`
// table; what is said on the command line wins.
//
// Bounds     1 MiB of file.
// Errors     reported, one line each; the exit status says of which kind.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/sarra/option_table.hpp"

namespace simplevisor::sarra {

struct Program {
  std::string name;
  std::string purpose;
  std::string exit_status;                    // the help's last words
  std::vector<std::string>* words = nullptr;  // what follows the options, if anything may
  std::string words_help = {};
};

// Nothing: go on. Otherwise what the program ends with, which is no failure after --help.
[[nodiscard]] std::optional<int> configure(int argc, char** argv, const Program& program,
                                           const OptionTable& table);

}  // namespace simplevisor::sarra
