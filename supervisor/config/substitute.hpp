// supervisor/config/substitute.hpp
//
// The substitutions in commands, environment values and paths: {name} {path} {state_dir} {bin_dir}, which are
// known when a configuration is loaded, and {instance} {with}, which are known when a worker starts.
//
// Braces     `{{` and `}}` stand for one brace. A single brace that belongs to no substitution is an error,
//            so that a misspelt name never reaches a program.
// Instance   of a pool: the number of the instance, from 1. A worker that is no instance has 0.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::config {

struct Known {
  std::string_view name;  // of the worker or pool
  std::string_view path;  // its place in the tree
  std::string_view state_dir;
  std::string_view bin_dir;
};

struct SubstitutionError {
  std::string message;
  std::string nearest;  // the name that was probably meant, with its braces; "" for none
};

// What a template still needs when its worker starts.
struct Pending {
  std::string text;  // for expand(): {instance} and {with} are still in it, literal braces still doubled
  bool instance = false;
  bool with = false;
};

// The first step, made by the loader.
[[nodiscard]] std::expected<Pending, SubstitutionError> substitute(std::string_view text, const Known& known);

// Both steps at once, for what must be known at load (paths): {instance} and {with} are errors.
[[nodiscard]] std::expected<std::string, SubstitutionError> substitute_wholly(std::string_view text,
                                                                              const Known& known);

// The second step, made at every start; `text` comes from substitute(). `with_file` is the private file that
// holds the worker's `with` table; "" when it has none, which the loader has made sure is not asked for.
[[nodiscard]] std::string expand(std::string_view text, std::optional<unsigned> instance,
                                 std::string_view with_file);

}  // namespace simplevisor::config
