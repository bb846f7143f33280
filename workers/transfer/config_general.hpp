// workers/transfer/config_general.hpp
//
// The configuration files of stompclt and amqpclt: the part of Perl's Config::General that they use, as a JSON object.
//
// Syntax     "key = value", "key value", "key = <<END" ... "END"; <block> ... </block>, <block name> ... </block>;
//            "include FILE", <<include FILE>>; "#" begins a comment, "\#" does not; "\" at the end of a line joins the next.
//            Quotes around a value are dropped. A key or block that comes again makes a list.
// Not here   C comments and $variables: they would eat what stompclt takes as it is.
// Values     all are texts.
// Bounds     1 MiB each file, 100 files, 32 levels of blocks and of includes.
// Errors     the first fault, as FILE:LINE: what.
// Threads    pure but for `read`.
#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace simplevisor::transfer {

// The content of a file, or what is wrong with it.
using ReadFile = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// `path`: what it is called in errors, and what the paths of includes are relative to.
[[nodiscard]] std::expected<boost::json::object, std::string> parse_config_general(std::string_view text,
                                                                                   const std::string& path,
                                                                                   const ReadFile& read);

}  // namespace simplevisor::transfer
