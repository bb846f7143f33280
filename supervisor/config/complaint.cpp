// supervisor/config/complaint.cpp
#include "supervisor/config/complaint.hpp"

#include <fmt/format.h>

namespace simplevisor::config {

std::string Complaint::to_string() const {
  std::string text = file;
  if (line != 0) text += fmt::format(":{}", line);
  if (line != 0 && column != 0) text += fmt::format(":{}", column);
  if (!text.empty()) text += ": ";
  if (!key.empty()) text += key + ": ";
  text += message;
  if (!nearest.empty()) text += fmt::format(" (did you mean \"{}\"?)", nearest);
  return text;
}

}  // namespace simplevisor::config
