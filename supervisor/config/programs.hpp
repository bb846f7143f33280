// supervisor/config/programs.hpp
//
// From what a worker or pool says to what shall be run: substitutions and absolute paths made, defaults filled in,
// equal setups shared, nothing kept with slack.
//
// Errors     go to the report; the program is null then. Machine-dependent doubts go to `machine`, when there is one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "supervisor/config/declarations.hpp"
#include "supervisor/config/machine.hpp"
#include "supervisor/config/model.hpp"
#include "supervisor/config/report.hpp"
#include "supervisor/config/substitute.hpp"

namespace simplevisor::config {

// Turns the texts of files into absolute paths.
class Paths {
 public:
  Paths(const Sources& sources, Report& report) : sources_{sources}, report_{report} {}

  // "" and a complaint when it cannot be.
  [[nodiscard]] std::string absolute(const Text& text, const std::string& key, const Known& known);
  // The same without substitutions.
  [[nodiscard]] std::string absolute(const Text& text, const std::string& key);

  [[nodiscard]] const std::filesystem::path& dir(Where where) const { return sources_.files[where.file].dir; }

 private:
  const Sources& sources_;
  Report& report_;
};

class ProgramMaker {
 public:
  // `bin_dir` and `state_dir` are what these substitutions stand for.
  ProgramMaker(const Sources& sources, std::string state_dir, std::string bin_dir, Report& report,
               Machine* machine);

  [[nodiscard]] std::shared_ptr<const Program> make(const Declared& node, const NodeDraft& draft,
                                                    std::string path);

 private:
  struct SetupHash {
    std::size_t operator()(const std::shared_ptr<const Setup>& setup) const;
  };
  struct SetupEqual {
    bool operator()(const std::shared_ptr<const Setup>& a, const std::shared_ptr<const Setup>& b) const {
      return *a == *b;
    }
  };

  std::vector<std::string> command(const NodeDraft& draft, const std::string& key, const Known& known);
  std::string pending(const Text& text, const std::string& key, const Known& known);
  std::string program_path(const Text& text, std::string expanded) const;
  Setup setup(const NodeDraft& draft, const std::string& key, const Known& known);
  Output output(const Given<OutputDraft>& draft, const std::string& key, const Known& known);
  Readiness readiness(const NodeDraft& draft, const std::string& key);
  std::shared_ptr<const Setup> shared(Setup setup);

  Paths paths_;
  std::string state_dir_;
  std::string bin_dir_;
  Report& report_;
  Machine* machine_;
  std::vector<std::shared_ptr<const std::string>> files_;
  std::unordered_set<std::shared_ptr<const Setup>, SetupHash, SetupEqual> setups_;
  bool with_wanted_ = false;  // by the program being made
};

}  // namespace simplevisor::config
