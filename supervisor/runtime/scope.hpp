// supervisor/runtime/scope.hpp
//
// The part of the tree that somebody is concerned with: all of it, or whole subtrees.
//
// Threads    a plain value.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace simplevisor::runtime {

// Whether `path` is `ancestor` or lies below it.
[[nodiscard]] constexpr bool is_within(std::string_view path, std::string_view ancestor) {
  return path.starts_with(ancestor) && (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

class Scope {
 public:
  Scope() = default;  // the whole tree
  explicit Scope(std::vector<std::string> subtrees) : everything_{false}, subtrees_{std::move(subtrees)} {}

  [[nodiscard]] bool is_everything() const { return everything_; }
  [[nodiscard]] const std::vector<std::string>& subtrees() const { return subtrees_; }
  [[nodiscard]] bool covers(std::string_view path) const {
    return everything_ ||
           std::ranges::any_of(subtrees_, [path](const std::string& top) { return is_within(path, top); });
  }

 private:
  bool everything_ = true;
  std::vector<std::string> subtrees_;
};

}  // namespace simplevisor::runtime
