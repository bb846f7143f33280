// A directory that nobody gets out of.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/consumer/support.hpp"
#include "workers/sarra/tree.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TreeTest : public testing::Test {
 protected:
  TreeTest() : tree{Tree::open(directory / "top").value()} { fs::create_directory(directory / "outside"); }

  [[nodiscard]] std::string write(std::string_view path, const std::string& text = "x") const {
    auto draft = tree.draft(path);
    if (!draft) return draft.error().message;
    if (auto done = draft->write(text); !done) return done.error().message;
    const auto done = draft->commit({}, {});
    return done ? "" : done.error().message;
  }
  [[nodiscard]] std::size_t files(const std::string& where) const {
    return static_cast<std::size_t>(std::distance(fs::recursive_directory_iterator{directory / where}, {}));
  }
  consumer::TemporaryDirectory directory;
  Tree tree;
};

TEST_F(TreeTest, MakesDirectoriesOnTheWayAndPutsTheFileInPlaceWhole) {
  EXPECT_EQ(write("a//./b/c", "text"), "");
  EXPECT_EQ(consumer::read_file(directory / "top/a/b/c"), "text");
  EXPECT_EQ(write("/a/b/c", "other"), "") << "a leading slash means the top";
  EXPECT_EQ(consumer::read_file(directory / "top/a/b/c"), "other");
  EXPECT_EQ(files("top"), 3U) << "no temporary file";
}

TEST_F(TreeTest, AnUncommittedFileLeavesNothing) {
  {
    auto draft = tree.draft("f").value();
    ASSERT_TRUE(draft.write("half"));
    EXPECT_EQ(files("top"), 1U);
  }
  EXPECT_EQ(files("top"), 0U);
}

TEST_F(TreeTest, SetsModeAndTime) {
  auto draft = tree.draft("f").value();
  ASSERT_TRUE(draft.commit(04640, parse_time("20200102T030405")));
  struct stat status{};
  ASSERT_EQ(::stat((directory / "top/f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U) << "without the set-user-ID that was asked for";
  EXPECT_EQ(status.st_mtime, 1577934245);
}

TEST_F(TreeTest, RefusesPathsThatLeadOut) {
  for (const char* path : {"../outside/f", "a/../../outside/f", "..", "a/b/../../../x"}) {
    EXPECT_THAT(write(path), HasSubstr("leads out of the directory")) << path;
  }
  EXPECT_THAT(write(std::string_view{"a\0b", 3}), HasSubstr("zero byte"));
  EXPECT_THAT(write("/"), HasSubstr("names nothing"));
  EXPECT_THAT(write(std::string(300, 'x')), HasSubstr("File name too long"));
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "d/";
  EXPECT_THAT(write(deep), HasSubstr("too deep"));
  EXPECT_EQ(files("outside"), 0U);
  EXPECT_EQ(files("top"), 0U);
}

TEST_F(TreeTest, FollowsNoSymbolicLinkWhoeverMadeIt) {
  fs::create_directory_symlink(directory / "outside", directory / "top/link");
  EXPECT_THAT(write("link/f"), HasSubstr("link"));
  EXPECT_FALSE(tree.make_directory("link/d", {}));
  EXPECT_FALSE(tree.make_directory("link", 0700));
  EXPECT_EQ(files("outside"), 0U);
  std::ofstream{directory / "outside/f"} << "theirs";
  fs::create_symlink(directory / "outside/f", directory / "top/f");
  EXPECT_EQ(write("f", "ours"), "") << "the link itself is replaced";
  EXPECT_EQ(consumer::read_file(directory / "outside/f"), "theirs");
  EXPECT_FALSE(tree.remove("link/f", false));
  EXPECT_FALSE(tree.rename("link/f", "g"));
  EXPECT_TRUE(fs::exists(directory / "outside/f"));
}

TEST_F(TreeTest, MakesLinksThatStayInside) {
  EXPECT_TRUE(tree.make_link("a/b/link", "../../c"));
  EXPECT_EQ(fs::read_symlink(directory / "top/a/b/link"), "../../c");
  EXPECT_TRUE(tree.make_link("a/b/link", "d")) << "again, with another target";
  for (const char* target : {"/etc", "../../../x", "d/../../../../x", "d/..", ""}) {
    EXPECT_FALSE(tree.make_link("a/b/link", target)) << target;
  }
  EXPECT_FALSE(tree.make_link("link", ".."));
}

TEST_F(TreeTest, NoLinkLeadsOutFromWhereItIsRenamedTo) {
  ASSERT_TRUE(tree.make_link("a/b/link", "../../c"));
  EXPECT_THAT(tree.rename("a/b/link", "link").error().message, HasSubstr("would lead out"));
  EXPECT_EQ(tree.rename("a/b/link", "x/y/link").value(), true);
  EXPECT_EQ(tree.rename("x/y/link", "x/y/z/link").value(), true);
  // Nor together with the directory that it is in.
  EXPECT_THAT(tree.rename("x/y", "y").error().message, HasSubstr("not moved upwards"));
  EXPECT_EQ(tree.rename("x/y", "x/other").value(), true);
  EXPECT_TRUE(fs::is_symlink(directory / "top/x/other/z/link"));
}

TEST_F(TreeTest, RemovesAndRenamesAndDoesNotMindWhatIsGone) {
  ASSERT_EQ(write("a/f"), "");
  EXPECT_EQ(tree.rename("a/f", "b/g").value(), true);
  EXPECT_TRUE(fs::exists(directory / "top/b/g"));
  EXPECT_EQ(tree.rename("a/f", "b/g").value(), false);
  EXPECT_EQ(tree.rename("nowhere/f", "b/g").value(), false);
  EXPECT_TRUE(tree.remove("b/g", false));
  EXPECT_TRUE(tree.remove("b/g", false));
  EXPECT_TRUE(tree.remove("nowhere/g", false));
  EXPECT_TRUE(tree.remove("b", true));
  EXPECT_FALSE(tree.remove("../outside", true));
  EXPECT_FALSE(fs::exists(directory / "top/b"));
  EXPECT_TRUE(fs::exists(directory / "outside"));
}

}  // namespace
}  // namespace simplevisor::sarra
