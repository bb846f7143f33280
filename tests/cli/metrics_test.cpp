// `simplevisor metrics`: on standard output, and as a file that a collector reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/support.hpp"

namespace simplevisor::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(Commands, MetricsPrintsWhatTheSupervisorAnswers) {
  serve();
  const Result result = simplevisor({"metrics"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.out, StartsWith("# TYPE simplevisor_build info\n"));
  EXPECT_THAT(result.out, EndsWith("# EOF\n"));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(Commands, MetricsSaysThatNobodyAnswers) {
  const Result result = simplevisor({"metrics"});
  EXPECT_EQ(result.exit, 7);
  EXPECT_THAT(result.out, IsEmpty());
}

TEST_F(Commands, MetricsReplacesATextfileInOneStep) {
  serve();
  const std::string file = dir / "metrics/simplevisor.prom";
  fs::create_directory(dir / "metrics");
  std::ofstream(file) << "old";
  std::ifstream old(file);  // whoever has it open goes on reading the old one
  const Result result = simplevisor({"metrics", "--textfile", file});
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(content(file), StartsWith("# TYPE simplevisor_build_info gauge\n"));
  EXPECT_THAT(content(file), EndsWith("simplevisor_reachable 1\n"));
  EXPECT_THAT(content(file), Not(HasSubstr("# EOF")));
  std::string word;
  old >> word;
  EXPECT_EQ(word, "old");
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir / "metrics")) names.push_back(entry.path().filename());
  EXPECT_THAT(names, ElementsAre("simplevisor.prom")) << "nothing unfinished is left";
}

TEST_F(Commands, MetricsWritesIntoTheTextfileThatTheSupervisorIsDown) {
  const std::string file = dir / "s.prom";
  const Result result = simplevisor({"metrics", "--textfile", file});
  EXPECT_EQ(result.exit, 7);
  EXPECT_THAT(result.err, HasSubstr("no supervisor is running"));
  EXPECT_THAT(content(file), EndsWith("\nsimplevisor_reachable 0\n"));
  EXPECT_THAT(content(file), Not(HasSubstr("simplevisor_node_up")));
}

TEST_F(Commands, MetricsSaysWhichTextfileItCannotWrite) {
  serve();
  fs::create_directory(dir / "taken");
  for (const std::string& file : {dir / "none/s.prom", dir / "taken"}) {
    const Result result = simplevisor({"metrics", "--textfile", file});
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err, HasSubstr("cannot write " + file));
  }
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", dir / "link");
  for (const std::string& file : {dir / "fifo", dir / "link"}) {
    const auto before = fs::symlink_status(file).type();
    const Result result = simplevisor({"metrics", "--textfile", file});
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err, HasSubstr("cannot write " + file + ": it is there and no regular file"));
    EXPECT_EQ(fs::symlink_status(file).type(), before);
  }
  EXPECT_EQ(simplevisor({"metrics", "--textfile", ""}).exit, 2);
  EXPECT_EQ(simplevisor({"metrics", "root"}).exit, 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator{}), 5)
      << "the configuration, the socket, and those three";
}

}  // namespace
}  // namespace simplevisor::cli
