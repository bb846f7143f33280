// supervisor/config/complaint.hpp
//
// One thing that is wrong in a configuration: where, which key, what, and what was probably meant.
//
// Text       `file:line:column: key: message (did you mean "x"?)`, one line. Parts that do not apply are left
//            out: a file that cannot be read has no line, a syntax error has no key.
// Positions  count from 1; columns count characters, not bytes. 0 means "not known".
#pragma once

#include <cstdint>
#include <string>

namespace simplevisor::config {

struct Complaint {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string
      key;  // dotted, from the top of the file: `worker.send-a.shutdown`, `supervisor.root.children[2]`
  std::string message;
  std::string nearest;  // the valid spelling that comes nearest; "" for none

  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

}  // namespace simplevisor::config
