#include "tests/integration/host.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace simplevisor::integration {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string file_text(const fs::path& path) {
  // A process that ends while it is read of makes the reading fail, which iterators would throw.
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return std::move(text).str();
}

pid_t spawn(const std::vector<std::string>& command, const std::string& out, const std::string& err) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &files, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::system_error(error, std::generic_category(), command.front());
  return pid;
}

// The exit code; waits at most a minute, then kills.
int wait_for(pid_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd end{fd, POLLIN, 0};
  if (::poll(&end, 1, 60'000) == 0) {
    ADD_FAILURE() << "pid " << pid << " does not end";
    ::kill(pid, SIGKILL);
  }
  ::close(fd);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string fresh_directory() {
  std::string pattern = testing::TempDir() + "simplevisor-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw std::system_error(errno, std::generic_category(), pattern);
  return pattern;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

}  // namespace

bool alive(pid_t pid) {
  const std::string stat = file_text("/proc/" + std::to_string(pid) + "/stat");
  const auto state = stat.rfind(") ");
  return state != stat.npos && stat[state + 2] != 'Z' && stat[state + 2] != 'X';
}

Outcome run(const std::vector<std::string>& command) {
  const std::string dir = fresh_directory();
  Outcome outcome;
  outcome.exit_code = wait_for(spawn(command, dir + "/out", dir + "/err"));
  outcome.out = file_text(dir + "/out");
  outcome.err = file_text(dir + "/err");
  fs::remove_all(dir);
  return outcome;
}

Host::Host(std::string toml) : dir_{fresh_directory()} {
  std::ofstream(dir_ + "/tree.toml") << "[simplevisor]\nname = \"test\"\nstate_dir = \"state\"\n"
                                     << replaced(std::move(toml), "@DIR@", dir_);
}

Host::~Host() {
  if (pid_ != 0) {
    ::kill(pid_, SIGTERM);
    ::kill(pid_, SIGTERM);
    wait_for(pid_);
  }
  if (testing::Test::HasFailure()) std::fputs(("supervisor's log:\n" + log()).c_str(), stderr);
  fs::remove_all(dir_);
}

void Host::launch(std::vector<std::string> before) {
  for (const auto& word :
       {std::string(SIMPLEVISOR_PROGRAM), std::string("--conf"), dir_ + "/tree.toml", std::string("start")}) {
    before.push_back(word);
  }
  pid_ = spawn(before, dir_ + "/stdout", dir_ + "/stderr");
}

void Host::up() {
  launch();
  const auto is_up = [this] {
    if (!alive(pid_)) return true;
    const Outcome info = cli({"--json", "status"});
    return info.exit_code == 0 && node("root").at("state") == "running";
  };
  ASSERT_TRUE(eventually(is_up)) << log();
  ASSERT_TRUE(alive(pid_)) << log();
}

Outcome Host::cli(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{SIMPLEVISOR_PROGRAM, "--conf", dir_ + "/tree.toml"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command);
}

void Host::signal(int number) const {
  ::kill(pid_, number);
}

Outcome Host::wait() {
  Outcome outcome;
  outcome.exit_code = wait_for(std::exchange(pid_, 0));
  outcome.out = read("stdout");
  outcome.err = read("stderr");
  return outcome;
}

boost::json::object Host::node(const std::string& path) const {
  const Outcome status = cli({"--json", "status", path});
  const auto parsed = boost::json::parse(status.out.empty() ? "{}" : status.out);
  if (const auto* nodes = parsed.as_object().if_contains("nodes")) {
    for (const auto& row : nodes->as_array()) {
      if (row.at("path") == boost::json::string_view(path)) return row.as_object();
    }
  }
  return {{"state", "no such node"}, {"pid", 0}, {"why", status.out + status.err}};
}

pid_t Host::pid_of(const std::string& path) const {
  const auto row = node(path);
  return row.at("pid").is_number() ? static_cast<pid_t>(row.at("pid").to_number<int>()) : 0;
}

std::string Host::read(const std::string& name) const {
  return file_text(dir_ + "/" + name);
}

std::vector<std::string> Host::lines(const std::string& name) const {
  std::vector<std::string> all;
  std::istringstream text(read(name));
  for (std::string line; std::getline(text, line);) all.push_back(line);
  return all;
}

}  // namespace simplevisor::integration
