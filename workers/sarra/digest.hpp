// workers/sarra/digest.hpp
//
// Checksums of data that comes in pieces, and the two texts they are written as.
//
// Methods    md5, sha256 and sha512 can be calculated; every other (random, arbitrary, cod, md5name...) says nothing about the
//            data, so there is nothing to compare.
// Errors     a method that the system's libcrypto refuses (MD5 in FIPS mode) is one that cannot be calculated.
// Threads    a digest belongs to one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::sarra {

class Digest {
 public:
  static std::optional<Digest> of(std::string_view method);

  void update(std::string_view bytes);
  [[nodiscard]] std::string finish();  // raw bytes; once

 private:
  struct Free {
    void operator()(void* context) const;
  };
  explicit Digest(void* context) : context_{context} {}
  std::unique_ptr<void, Free> context_;
};

[[nodiscard]] bool can_calculate(std::string_view method);
// Of all of `bytes`, raw; nothing: it cannot be calculated.
[[nodiscard]] std::optional<std::string> digest(std::string_view method, std::string_view bytes);

[[nodiscard]] std::string hex(std::string_view bytes);  // lower case
[[nodiscard]] std::optional<std::string> unhex(std::string_view text);

}  // namespace simplevisor::sarra
