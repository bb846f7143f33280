// workers/sarra/content.hpp
//
// What an announcement says in words of its own, as what it is: the bytes that came along, and the permissions.
//
// Errors     one line.
// Threads    free functions without state.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>

#include "workers/sarra/announcement.hpp"

namespace simplevisor::sarra {

[[nodiscard]] std::expected<std::string, std::string> data_of(const Content& content);
[[nodiscard]] std::optional<mode_t> mode_of(const Announcement& announcement);

}  // namespace simplevisor::sarra
