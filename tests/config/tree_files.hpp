// tests/config/tree_files.hpp
//
// A private directory with configuration files in it, and what the loader makes of them.
#pragma once

#include <stdlib.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "supervisor/config/load.hpp"

namespace simplevisor::config {

using Variables = std::map<std::string, std::string>;

class TreeFiles {
 public:
  TreeFiles() {
    std::string pattern = testing::TempDir() + "/config.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    dir_ = std::filesystem::canonical(pattern);
    options.bin_dir = "/opt/bin";
    options.uid = 1000;
    options.environment = Variables{{"HOME", "/home/user"}};
  }
  TreeFiles(const TreeFiles&) = delete;
  TreeFiles& operator=(const TreeFiles&) = delete;
  ~TreeFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (dir_ / name).string(); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((dir_ / name).parent_path());
    std::ofstream file{dir_ / name, std::ios::binary};
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path(name));
  }

  [[nodiscard]] auto load() const { return config::load(dir_ / "tree.toml", options); }

  // Of a configuration that is valid; otherwise the test fails with its complaints.
  [[nodiscard]] Configuration good(const std::string& text) const {
    write("tree.toml", text);
    auto loaded = load();
    if (loaded) return *std::move(loaded);
    for (const Complaint& each : loaded.error()) ADD_FAILURE() << each.to_string();
    throw std::runtime_error("the configuration was to be valid");
  }

  // As text, without the directory, so that they can be compared.
  [[nodiscard]] std::vector<std::string> complaints() const {
    auto loaded = load();
    return loaded ? std::vector<std::string>{} : texts(loaded.error());
  }
  [[nodiscard]] std::vector<std::string> complaints(const std::string& text) const {
    write("tree.toml", text);
    return complaints();
  }
  [[nodiscard]] std::vector<std::string> texts(const std::vector<Complaint>& complaints) const {
    std::vector<std::string> all;
    for (const Complaint& each : complaints) {
      std::string text = each.to_string();
      const std::string prefix = dir_.string() + "/";
      for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;)
        text.erase(at, prefix.size());
      all.push_back(text);
    }
    return all;
  }

  LoadOptions options;

 private:
  std::filesystem::path dir_;
};

// The child with this path below the root; null when there is none.
inline const core::ChildSpec* find(const core::ChildSpec& from, const std::string& name) {
  if (from.supervisor == nullptr) return nullptr;
  for (const auto& child : from.supervisor->children) {
    if (child->name == name) return child.get();
    if (const auto* below = find(*child, name)) return below;
  }
  return nullptr;
}

inline const Program& program(const Configuration& configuration, const std::string& name) {
  for (const auto& each : configuration.programs) {
    if (each->name == name) return *each;
  }
  throw std::runtime_error("no program " + name);
}

}  // namespace simplevisor::config
