#include "supervisor/cli/locate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "tests/control/fake_service.hpp"

namespace simplevisor::cli {
namespace {

using ::testing::HasSubstr;

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

void write(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST(StateDirIn, IsReadFromItsTableWhateverElseIsWrong) {
  struct Case {
    std::string_view text;
    std::optional<std::string> expected;
  };
  const Case cases[] = {
      {"[simplevisor]\nstate_dir = \"state\"\n", "state"},
      {"# [simplevisor]\n  [simplevisor] # here\nname='x'\n state_dir = '/var/x y'  # there\n", "/var/x y"},
      {"[worker.a]\nbroken = = =\n[simplevisor]\r\nstate_dir = \"s\"\r\n[worker.b]\nbroken [[[\n", "s"},
      {"[simplevisor]\nstate_dir = \"\\u0041\"\n", "A"},
      {"[simplevisor]\nname = \"x\"\n[worker.state]\nstate_dir = \"no\"\n", std::nullopt},
      {"[simplevisor]\nstate_dir = 3\n", std::nullopt},
      {"[simplevisor]\nstate_dir = \"\"\n", std::nullopt},
      {"[simplevisor]\nstate_dir = \"open\n", std::nullopt},
      {"state_dir = \"top\"\n", std::nullopt},
      {"[simplevisor.more]\nstate_dir = \"x\"\n", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(state_dir_in(c.text), c.expected) << c.text;
}

TEST(FindConfiguration, PrefersWhatWasSaidExplicitly) {
  CommandLine line;
  EXPECT_EQ(*find_configuration(line, environment({{"SIMPLEVISOR_CONF", "/from/environment"}})),
            "/from/environment");
  line.conf = "/said";
  EXPECT_EQ(*find_configuration(line, environment({{"SIMPLEVISOR_CONF", "/from/environment"}})), "/said");
  line.conf = "relative.toml";
  EXPECT_EQ(*find_configuration(line, environment({})), std::filesystem::current_path() / "relative.toml");
}

TEST(FindConfiguration, LooksInTheUsualPlacesAndNamesThem) {
  const testing::PrivateDir dir;
  const auto lost = find_configuration({}, environment({{"HOME", dir.path()}}));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().exit, Exit::bad_configuration);
  EXPECT_THAT(lost.error().message, HasSubstr(dir / ".config/simplevisor/simplevisor.toml"));
  EXPECT_THAT(lost.error().message, HasSubstr("/etc/simplevisor/simplevisor.toml"));
  write(dir / ".config/simplevisor/simplevisor.toml", "");
  EXPECT_EQ(*find_configuration({}, environment({{"HOME", dir.path()}})),
            dir / ".config/simplevisor/simplevisor.toml");
  write(dir / "xdg/simplevisor/simplevisor.toml", "");
  EXPECT_EQ(*find_configuration({}, environment({{"HOME", dir.path()}, {"XDG_CONFIG_HOME", dir / "xdg"}})),
            dir / "xdg/simplevisor/simplevisor.toml");
}

TEST(FindSocket, IsInTheStateDirectoryRelativeToTheFile) {
  const testing::PrivateDir dir;
  write(dir / "etc/a.toml", "[simplevisor]\nstate_dir = \"../state\"\n[worker.broken\n");
  CommandLine line;
  line.conf = dir / "etc/a.toml";
  EXPECT_EQ(*find_socket(line, environment({})), dir / "state/control.sock");
  line.socket = "/given";
  EXPECT_EQ(*find_socket(line, environment({})), "/given");
}

// A FIFO made every command wait for ever, and a device made it fill the memory.
TEST(FindSocket, ReadsOnlyRegularFiles) {
  const testing::PrivateDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  for (const std::string& file : {dir / "fifo", std::string{"/dev/zero"}}) {
    CommandLine line;
    line.conf = file;
    const auto socket = find_socket(line, environment({}));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().message, file + ": cannot be read: not a regular file");
  }
}

TEST(FindSocket, ComplainsAboutAConfigurationThatDoesNotSay) {
  const testing::PrivateDir dir;
  write(dir / "a.toml", "[simplevisor\n");
  CommandLine line;
  line.conf = dir / "a.toml";
  const auto socket = find_socket(line, environment({}));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().exit, Exit::bad_configuration);
  EXPECT_THAT(socket.error().message, HasSubstr("a.toml:1:"));
}

TEST(LoadOptions, FindKindsBesideTheProgram) {
  const auto own = load_options(environment({}));
  EXPECT_EQ(own.kinds_dirs.front(), own.bin_dir.parent_path() / "share/simplevisor/kinds");
  EXPECT_EQ(load_options(environment({{"SIMPLEVISOR_KINDS", "/kinds"}})).kinds_dirs.front(), "/kinds");
}

}  // namespace
}  // namespace simplevisor::cli
