// workers/rules/condition.hpp
//
// The language of a rule's `if`, made into a function.
//
// Grammar    any = all { "or" all };  all = one { "and" one };  one = "not" one | "(" any ")" | test. README.md has the tests.
// Bounds     64 KiB of text, 64 levels of nesting.
// Cost       of a regular expression: linear in the text (RE2).
// Errors     the first fault and its column, from 1.
// Threads    a condition may be asked from several at once.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "workers/message/message.hpp"

namespace simplevisor::rules {

using Condition = std::function<bool(const message::Message&)>;

[[nodiscard]] std::expected<Condition, std::string> parse_condition(std::string_view text);

}  // namespace simplevisor::rules
