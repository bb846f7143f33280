// workers/sarra/wire_v02.hpp
//
// The old format by itself: one line of text, and a header of texts.
//
// sum        LETTER,VALUE: d md5, s sha512 (hex), 0 random, a arbitrary, z calculated on download (a letter again), n md5 of
//            the file's name; L link, R removal, m directory, r removal of a directory.
// Header     names that AMQP or the way to us gave it are no fields.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "workers/message/message.hpp"
#include "workers/sarra/announcement.hpp"

namespace simplevisor::sarra {

[[nodiscard]] std::expected<Announcement, std::string> decode_v02(const message::Header& header,
                                                                  std::string_view body);
[[nodiscard]] std::expected<message::Message, std::string> encode_v02(const Announcement& announcement);

}  // namespace simplevisor::sarra
