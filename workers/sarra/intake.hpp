// workers/sarra/intake.hpp
//
// Data that comes in, on its way to a file: counted, summed up, and at the end what was announced, or not.
//
// Bounds     no more than announced is passed on, nor more than `bytes_max`.
// Errors     trouble of the place it goes to as that says; another size or checksum is a failure.
// Threads    a plain value; what is given to it outlives it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string_view>

#include "workers/sarra/announcement.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/download.hpp"
#include "workers/sarra/tree.hpp"

namespace simplevisor::sarra {

[[nodiscard]] std::unexpected<Trouble> failed(std::string reason);
[[nodiscard]] std::unexpected<Trouble> failed(TreeError error);

class Intake {
 public:
  using Write = std::function<TreeResult<void>(std::string_view)>;

  Intake(std::optional<std::uint64_t> size, const std::optional<Identity>& identity, std::uint64_t bytes_max,
         Write write);

  std::expected<void, Trouble> take(std::string_view piece);
  std::expected<void, Trouble> finish();

 private:
  [[nodiscard]] std::expected<void, Trouble> wrong_size(std::string_view how) const;

  std::optional<std::uint64_t> size_;
  std::optional<Identity> identity_;
  std::uint64_t bytes_max_;
  Write write_;
  std::optional<Digest> digest_;
  std::uint64_t bytes_ = 0;
};

}  // namespace simplevisor::sarra
