// workers/sarra/option_table.hpp
//
// The settings of a program: one table names each with its place, its bounds and its help text, and both the command line
// and the JSON of a `with` table go through it.
//
// Names      "_" serves as "-".
// Values     texts, lists of texts, switches, whole numbers; times ("5s", seconds) and sizes ("64KiB", bytes) as
//            workers/service reads them. What has another form is read by a function of its own (Reader).
// Errors     all of them in one run, each naming the setting, and for an unknown one the nearest that exists. Values are
//            not repeated where they may be secret.
// Lifetime   what the table points to outlives it.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace simplevisor::sarra {

struct Size {
  std::uint64_t bytes = 0;
};

// Takes the value of an option that may be repeated (on a command line: a list of texts); what it answers is a complaint.
using Reader = std::function<std::optional<std::string>(const boost::json::value&)>;

struct Option {
  using Target = std::variant<std::string*, std::vector<std::string>*, bool*, std::optional<bool>*,
                              std::uint64_t*, std::chrono::milliseconds*, Size*, Reader>;

  std::string_view name;
  std::string_view help;
  Target target;
  std::uint64_t min = 0;  // of numbers
  std::uint64_t max = 1'000'000'000;
};

class OptionTable {
 public:
  explicit OptionTable(std::vector<Option> options) : options_{std::move(options)} {}

  void add(const Option& option);
  [[nodiscard]] std::span<const Option> options() const noexcept { return options_; }
  // The problems, one line each.
  [[nodiscard]] std::vector<std::string> set(const boost::json::object& given) const;

 private:
  std::vector<Option> options_;
};

}  // namespace simplevisor::sarra
