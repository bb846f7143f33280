// workers/service/status_file.hpp
//
// A small file that others read: replaced by rename, so that a reader sees the old one or the new one.
//
// Path       {instance} in it is our number in a pool (SIMPLEVISOR_INSTANCE), 0 where there is none: instances that share
//            their settings do not share the file. Looked up when this is made, before any thread.
// Errors     reported once; a status that cannot be written is no reason to stop working. Without a path: nothing.
#pragma once

#include <string>
#include <string_view>

namespace simplevisor::service {

class StatusFile {
 public:
  explicit StatusFile(std::string path);
  void write(std::string_view content);

 private:
  std::string path_;
  bool complained_ = false;
};

}  // namespace simplevisor::service
