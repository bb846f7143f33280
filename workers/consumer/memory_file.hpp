// workers/consumer/memory_file.hpp
//
// A file without a name in memory: what an exec handler reads. Unlike a pipe it needs nobody to feed it,
// unlike a temporary file it leaves nothing behind, however we end.
//
// Errors     the errno of the call that failed.
// Lifetime   closes its descriptor; the file lasts as long as somebody has it open.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <system_error>

namespace simplevisor::consumer {

class MemoryFile {
 public:
  // Its offset is at the beginning.
  static std::expected<MemoryFile, std::error_code> with(std::string_view content);

  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&& other) noexcept;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // A path by which other processes of the same user can open it while we have it open.
  [[nodiscard]] std::string path() const;

 private:
  explicit MemoryFile(int descriptor) noexcept : descriptor_{descriptor} {}

  int descriptor_ = -1;
};

}  // namespace simplevisor::consumer
