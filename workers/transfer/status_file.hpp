// workers/transfer/status_file.hpp
//
// A small file that others read: replaced by rename, so that a reader sees the old one or the new one.
//
// Errors     reported once; a status that cannot be written is no reason to stop working. Without a path: nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace simplevisor::transfer {

class StatusFile {
 public:
  explicit StatusFile(std::string path) : path_{std::move(path)} {}
  void write(std::string_view content);

 private:
  std::string path_;
  bool complained_ = false;
};

}  // namespace simplevisor::transfer
