// tests/config/documents_test.cpp
//
// The documentation that is made from the table of keys is up to date, and what it shows works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "supervisor/config/reference.hpp"
#include "supervisor/config/schema.hpp"
#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

constexpr const char* how = "bring it up to date with: ninja config_documents_update";

TEST(Documents, TheCommittedSchemaIsTheOneOfTheTableOfKeys) {
  EXPECT_TRUE(contents(SOURCE_DIR "/docs/simplevisor.schema.json") == json_schema()) << how;
}

TEST(Documents, TheReferenceIsTheOneOfTheTableOfKeys) {
  EXPECT_NE(contents(SOURCE_DIR "/docs/configuration.md").find(reference_markdown()), std::string::npos)
      << how;
}

TEST(Documents, EveryExampleOfAConfigurationIsValid) {
  const std::string text = contents(SOURCE_DIR "/docs/configuration.md");
  const std::string begin = "```toml\n";
  const TreeFiles files;
  int examples = 0;
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos; ++examples) {
    at += begin.size();
    const std::string example = text.substr(at, text.find("```", at) - at);
    EXPECT_THAT(files.complaints(example), testing::IsEmpty()) << example;
  }
  EXPECT_GE(examples, 2);
}

}  // namespace
}  // namespace simplevisor::config
