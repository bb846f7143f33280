// The page as it is compiled in: all of it, byte for byte, with what a server has to say about it.
#include "supervisor/web/bundle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace simplevisor::web {
namespace {

namespace fs = std::filesystem;
using ::testing::StartsWith;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string unpacked(std::string_view packed, std::size_t size) {
  std::string plain(size + 1, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  constexpr int gzip_only = 15 + 16;
  EXPECT_EQ(inflateInit2(&stream, gzip_only), Z_OK);
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

TEST(Bundle, HasEveryFileOfDistByteForByte) {
  std::set<std::string> expected;
  for (const auto& entry : fs::recursive_directory_iterator(WEB_DIST)) {
    if (!entry.is_regular_file()) continue;
    std::string path = "/" + fs::relative(entry.path(), WEB_DIST).string();
    if (path == "/index.html") path = "/";
    const auto found = find(path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->bytes, content(entry.path())) << path;
    EXPECT_EQ(found->encoding, "");
    expected.insert(path);
  }
  const auto all = paths();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()), expected);
  EXPECT_GE(expected.size(), 4u);
}

TEST(Bundle, PacksWhatGetsShorterByIt) {
  bool any = false;
  for (const std::string_view path : paths()) {
    const auto plain = find(path);
    const auto best = find(path, Accepts::gzip);
    ASSERT_TRUE(plain && best) << path;
    if (best->encoding.empty()) {
      EXPECT_EQ(best->bytes, plain->bytes);
      continue;
    }
    any = true;
    EXPECT_EQ(best->encoding, "gzip");
    EXPECT_LT(best->bytes.size(), plain->bytes.size()) << path;
    EXPECT_EQ(unpacked(best->bytes, plain->bytes.size()), plain->bytes) << path;
    EXPECT_NE(best->etag, plain->etag);
  }
  EXPECT_TRUE(any);
}

TEST(Bundle, SaysWhatEachFileIs) {
  EXPECT_EQ(find("/")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find("/assets/page.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find("/assets/page.css")->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(find("/assets/icon.svg")->content_type, "image/svg+xml");
  for (const std::string_view path : paths())
    EXPECT_NE(find(path)->content_type, "application/octet-stream") << path;
}

TEST(Bundle, GivesEachFileAnEtagOfItsOwn) {
  std::set<std::string_view> etags;
  for (const std::string_view path : paths()) {
    const std::string_view etag = find(path)->etag;
    EXPECT_THAT(std::string(etag), StartsWith("\""));
    EXPECT_TRUE(etag.ends_with('"'));
    etags.insert(etag);
  }
  EXPECT_EQ(etags.size(), paths().size());
}

TEST(Bundle, KnowsNothingElse) {
  for (const std::string_view path : {"", "/assets", "/assets/", "/assets/../index.html", "/assets/page.js/",
                                      "/Assets/page.js", "/etc/passwd", "//", "assets/page.js", "/v1/tree"})
    EXPECT_FALSE(find(path)) << path;
}

// The page works under a policy that lets nothing in but its own files: docs/decisions/web.md.
TEST(Bundle, HasNoInlineScriptNoInlineStyleAndNoAddressOfOthers) {
  const std::string_view page = find("/")->bytes;
  EXPECT_EQ(page.find("<style"), std::string_view::npos);
  EXPECT_EQ(page.find("style="), std::string_view::npos);
  EXPECT_EQ(page.find("://"), std::string_view::npos);
  EXPECT_EQ(page.find("<script>"), std::string_view::npos);
  const std::string_view style = find("/assets/page.css")->bytes;
  EXPECT_EQ(style.find("://"), std::string_view::npos);
  EXPECT_EQ(style.find("@import"), std::string_view::npos);
}

}  // namespace
}  // namespace simplevisor::web
