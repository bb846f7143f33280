// workers/broker/secret.hpp
//
// A text that must not be shown: no formatter, no stream operator, no conversion. Whoever needs it says reveal(),
// which is what a reader looks for when asking where a password can go.
#pragma once

#include <string>
#include <utility>

namespace simplevisor::broker {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_{std::move(value)} {}

  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace simplevisor::broker
