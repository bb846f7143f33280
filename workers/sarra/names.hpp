// workers/sarra/names.hpp
//
// What exchanges, queues, topics and bindings are called, so that our agents and sr3's find each other.
//
// Topics     prefix and directories of the path, with dots between; "#" and "*" in a name are written %23 and %22 (not
//            %2A), everything else stays, dots too. At most 255 bytes: what is longer is cut between two characters, so
//            it need not equal the path.
// Threads    free functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace simplevisor::sarra {

inline constexpr std::size_t topic_bytes_max = 255;
inline constexpr std::string_view v03_topic_prefix = "v03";
inline constexpr std::string_view v02_topic_prefix = "v02.post";

// xpublic for anonymous, else xs_USER, with a suffix xs_USER_SUFFIX.
[[nodiscard]] std::string exchange_of(std::string_view user, std::string_view suffix = {});

// q_USER.COMPONENT.CONFIG.SHARE, which the permissions of a broker's subscribers are made for.
[[nodiscard]] std::string queue_name(std::string_view user, std::string_view component,
                                     std::string_view config, std::string_view share);

// The routing key of an announcement of `rel_path`.
[[nodiscard]] std::string topic_of(std::string_view prefix, std::string_view rel_path);

// The routing key of an announcement that names its topic itself.
[[nodiscard]] std::string key_of_topic(std::string_view topic);

// The key to bind a queue by; `subtopic` with "." or "/" between its words, "*" for one of them and "#" for any number.
// An empty one means all.
[[nodiscard]] std::string binding_key(std::string_view prefix, std::string_view subtopic);

[[nodiscard]] std::string escaped_word(std::string_view name);
[[nodiscard]] std::string unescaped_word(std::string_view word);

}  // namespace simplevisor::sarra
