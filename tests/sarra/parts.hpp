// tests/sarra/parts.hpp
//
// A file that is announced in parts and fetched over file:, without any server.
#pragma once

#include <filesystem>

#include "tests/consumer/support.hpp"
#include "workers/sarra/fetch.hpp"
#include "workers/sarra/post.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {

class PartsTest : public testing::Test {
 protected:
  static constexpr std::size_t block = 1000;

  PartsTest() {
    std::filesystem::create_directory(directory / "site");
    settings.directory = directory / "in";
    settings.download.protocols = {"file"};
    options = {.base_url = "file://" + directory / "site/",
               .base_directory = directory / "site",
               .source = "us",
               .block_bytes = block};
    write("f", data);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{directory / ("site/" + name)} << text;
  }
  [[nodiscard]] Posting posting(const std::string& name = "f") const {
    return posting_of(directory / ("site/" + name), options).value();
  }
  // "": done; else what went wrong.
  std::string fetch(const Announcement& announcement) {
    Fetcher fetcher{settings, Tree::open(settings.directory).value()};
    const auto outcome = fetcher.fetch(encode_v03(announcement));
    temporary = !outcome && outcome.error().temporary;
    return outcome ? "" : outcome.error().reason;
  }
  [[nodiscard]] std::string got(const std::string& name = "f") const {
    return consumer::read_file(directory / ("in/" + name));
  }
  [[nodiscard]] bool is_there(const std::string& name = "f") const {
    return std::filesystem::exists(directory / ("in/" + name));
  }
  // What is beside the file while it is put together.
  [[nodiscard]] std::size_t working_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory / "in"})
      count += entry.path().extension() == ".part" ? 1 : 0;
    return count;
  }
  [[nodiscard]] std::size_t records() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory / "in/.simplevisor-parts"})
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }
  // No two parts are the same, and the last is a short one.
  static std::string text_of(char first) {
    std::string text;
    for (char c = first; c < first + 4; ++c) text += std::string(c == first + 3 ? 10 : block, c);
    return text;
  }

  consumer::TemporaryDirectory directory;
  FetchSettings settings;
  PostOptions options;
  std::string data = text_of('a');
  bool temporary = false;
};

}  // namespace simplevisor::sarra
