// supervisor/config/value_reader.hpp
//
// Reads one value of one key; used by values.cpp only. Simple forms are in value_reader.cpp, those that are
// special to processes in value_reader_process.cpp. Every function complains and returns nothing when the
// value will not do.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "supervisor/config/values.hpp"

namespace simplevisor::config {

class ValueReader {
 public:
  ValueReader(const Key& key, const KeyPath& path, Reading& reading)
      : key_{key}, path_{path}, reading_{reading} {}

  std::optional<Value> read(const toml::node& node);

 private:
  enum class Empty { allowed, refused };

  std::optional<Value> boolean(const toml::node& node);
  std::optional<std::int64_t> integer(const toml::node& node);
  std::optional<Value> number(const toml::node& node);
  std::optional<Milliseconds> duration(const toml::node& node);
  std::optional<std::int64_t> size(const toml::node& node);
  std::optional<Value> choice(const toml::node& node);
  std::optional<Value> words(const toml::node& node, Form element);
  std::optional<Text> text(const toml::node& node, const KeyPath& path, Empty empty);
  std::optional<Text> node_name(const toml::node& node, const KeyPath& path);

  std::optional<Value> environment(const toml::node& node);
  std::optional<Value> anything(const toml::node& node);
  std::optional<Value> shutdown(const toml::node& node);
  std::optional<Value> output(const toml::node& node);
  std::optional<Value> umask(const toml::node& node);
  std::optional<Value> signal(const toml::node& node);
  std::optional<Value> instances(const toml::node& node);
  std::optional<Value> limit(const toml::node& node);
  std::optional<rlim_t> limit_value(const toml::node& node, const KeyPath& path);

  // Always nothing, for `return complain(...)`.
  std::nullopt_t complain(const toml::node& node, std::string message, std::string_view nearest = {});
  std::nullopt_t complain(const toml::node& node, const KeyPath& path, std::string message,
                          std::string_view nearest = {});
  std::nullopt_t wrong_type(const toml::node& node, const KeyPath& path, std::string_view wanted);
  std::nullopt_t wrong_choice(const toml::node& node, std::string_view given, std::string_view others);

  const Key& key_;
  const KeyPath& path_;
  Reading& reading_;
};

// `"a", "b" or "c"`
std::string listed(std::span<const Choice> choices, std::string_view others = {});

}  // namespace simplevisor::config
