// supervisor/config/machine.hpp
//
// What this machine may have against a configuration that is valid: programs that cannot be executed, users and
// groups that are unknown, environment files that cannot be read. Doubts only: a start looks again.
//
// Cost       each program, user, group and file is looked at once. Users and groups may be asked of the network
//            (NSS), which can take its time.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "supervisor/config/draft.hpp"
#include "supervisor/config/model.hpp"
#include "supervisor/config/report.hpp"

namespace simplevisor::config {

class Machine {
 public:
  explicit Machine(Report& warnings) : warnings_{warnings} {}

  // `key` is the node's, "worker.send-a".
  void check(const Program& program, const NodeDraft& draft, const std::string& key);

 private:
  using Look = std::string (*)(const std::string&);  // "" when all is well

  // What was found about each, and where that has been told already: what a kind says is told once.
  struct Finding {
    std::string doubt;
    std::set<Where> told;
  };
  using Findings = std::map<std::string, Finding>;

  void warn_of(Look look, Findings& known, const std::string& what, Where where, const std::string& key);

  Report& warnings_;
  Findings programs_;
  Findings users_;
  Findings groups_;
  Findings env_files_;
};

}  // namespace simplevisor::config
