#include "supervisor/process/find_executable.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

using testing::HasSubstr;

class FindExecutableTest : public testing::Test {
 protected:
  FindExecutableTest() {
    std::filesystem::create_directories(directory_ / "first/tool");  // a directory of that name
    std::filesystem::create_directories(directory_ / "second");
    std::filesystem::create_directories(directory_ / "third");
    spill(directory_ / "second/tool", "not for execution", 0644);
    spill(directory_ / "third/tool", "#!/bin/sh\n", 0755);
    path_ = directory_ / "first" + ":" + directory_ / "second" + ":" + directory_ / "third";
  }
  Directory directory_;
  std::string path_;
};

TEST_F(FindExecutableTest, PassesOverDirectoriesAndFilesThatAreNotExecutable) {
  EXPECT_EQ(find_executable("tool", path_).value(), directory_ / "third/tool");
}

TEST_F(FindExecutableTest, SaysWhyTheOnlyCandidateWillNotDo) {
  const auto found = find_executable("tool", directory_ / "second");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::not_permitted);
  EXPECT_THAT(found.error().message, HasSubstr("second/tool\": Permission denied"));
}

TEST_F(FindExecutableTest, SaysThatThereIsNoSuchProgramAndWhereItLooked) {
  const auto found = find_executable("nothing-of-that-name", "/bin:/usr/bin");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::not_found);
  EXPECT_EQ(found.error().message, "no program \"nothing-of-that-name\" in PATH \"/bin:/usr/bin\"");
}

TEST_F(FindExecutableTest, TakesAPathAsItIs) {
  EXPECT_EQ(find_executable("/bin/sh", "").value(), "/bin/sh");
  EXPECT_FALSE(find_executable("/bin/nothing-of-that-name", "/bin"));
}

TEST_F(FindExecutableTest, TakesRelativePathsFromTheWorkersDirectory) {
  EXPECT_EQ(find_executable("./tool", "/bin", directory_ / "third").value(), directory_ / "third/./tool");
  EXPECT_EQ(find_executable("tool", ":/bin", directory_ / "third").value(), directory_ / "third/tool");
  EXPECT_EQ(find_executable("tool", "third", directory_.path()).value(), directory_ / "third/tool");
}

TEST_F(FindExecutableTest, RefusesAnEmptyCommand) {
  EXPECT_EQ(find_executable("", "/bin").error().code, Errc::invalid);
}

}  // namespace
}  // namespace simplevisor::process
