// supervisor/config/report.hpp
//
// Collects what is wrong while files are read and put together, and hands it out in the order of the text.
//
// Bounds     10,000 complaints; then one last line says that there are more.
// Threads    one Report per load; its owner synchronises.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/config/complaint.hpp"
#include "supervisor/config/draft.hpp"
#include "supervisor/config/spelling.hpp"

namespace simplevisor::config {

// The dotted name of a value, built only when somebody complains. Its parts live on the stack of the readers.
struct KeyPath {
  const KeyPath* parent = nullptr;
  std::string_view name{};
  std::ptrdiff_t index = -1;  // of an array's element, whose `name` is empty

  [[nodiscard]] std::string text() const;
};

class Report {
 public:
  void add(Where where, std::string key, std::string message, std::string_view nearest = {});

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  // How often add() was called: more than before means that something was wrong.
  [[nodiscard]] std::size_t size() const { return added_; }

  // `files` by the numbers that `Where` carries. The same complaint at the same place is told once: what is
  // wrong in a kind would otherwise come back with each of its nodes.
  [[nodiscard]] std::vector<Complaint> complaints(std::span<const std::string> files) &&;

  Spelling spelling;

 private:
  struct Entry {
    Where where;
    std::string key;
    std::string message;
    std::string nearest;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  std::vector<Entry> entries_;
  std::size_t added_ = 0;
};

}  // namespace simplevisor::config
