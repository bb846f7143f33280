// supervisor/config/documents_main.cpp
//
// Writes what is made from the table of keys into the documentation: simplevisor.schema.json, and the reference in
// configuration.md, between its marks. `ninja config_documents_update` runs it; a test fails until it has been run.
//
//   config_documents DOCS_DIR
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "supervisor/config/reference.hpp"
#include "supervisor/config/schema.hpp"

namespace {

using namespace simplevisor::config;

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "config_documents: {} cannot be written\n", path.string());
  return static_cast<bool>(file);
}

bool update_reference(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t begin = text.find(reference_begin);
  const std::size_t end = text.find(reference_end);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    fmt::print(stderr, "config_documents: {} has no marks around its reference\n", path.string());
    return false;
  }
  text.replace(begin, end + std::string{reference_end}.size() - begin, reference_markdown());
  return write(path, text);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: config_documents DOCS_DIR\n");
    return 2;
  }
  const std::filesystem::path docs{argv[1]};
  const bool schema = write(docs / "simplevisor.schema.json", json_schema());
  return update_reference(docs / "configuration.md") && schema ? 0 : 1;
}
