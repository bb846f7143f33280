#include "workers/service/small_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace simplevisor::service {
namespace {

class SmallFile : public testing::Test {
 protected:
  SmallFile() {
    std::string name = testing::TempDir() + "small-file-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~SmallFile() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string holding(const std::string& text) const {
    std::ofstream{directory_ / "file"} << text;
    return directory_ / "file";
  }
  std::filesystem::path directory_;
};

TEST_F(SmallFile, IsReadWhole) {
  EXPECT_EQ(read_small_file(holding(""), 10), "");
  EXPECT_EQ(read_small_file(holding("two\nlines\n"), 10), "two\nlines\n");
  const std::string long_text(100'000, 'x');
  EXPECT_EQ(read_small_file(holding(long_text), long_text.size()), long_text);
}

TEST_F(SmallFile, IsRefusedAboveTheLimit) {
  EXPECT_EQ(read_small_file(holding("12345678901"), 10).error(), "longer than 10 bytes");
  EXPECT_EQ(read_small_file("/dev/zero", 1 << 20).error(), "longer than 1048576 bytes");
}

TEST_F(SmallFile, SaysWhyItCannotBeRead) {
  EXPECT_EQ(read_small_file(directory_ / "absent", 10).error(), "No such file or directory");
  EXPECT_EQ(read_small_file(directory_, 10).error(), "Is a directory");
}

TEST_F(SmallFile, ThatIsAFifoHoldsNobodyUp) {
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read_small_file(fifo, 10), "");
}

}  // namespace
}  // namespace simplevisor::service
