#include "tests/brokers/kept_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "tests/eventually.hpp"

namespace simplevisor::test {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> merged(const Environment& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!more.contains(std::string(text.substr(0, text.find('='))))) all.emplace_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe: no descriptor left");
  }
  int ends[2];
};

int number_after(std::string_view line, std::string_view word) {
  int number = -1;
  if (line.starts_with(word)) std::from_chars(line.data() + word.size(), line.data() + line.size(), number);
  return number;
}

}  // namespace

KeptProcess::KeptProcess(const Command& command, const Environment& environment,
                         const std::filesystem::path& output)
    : name_(command.front()) {
  std::vector<std::string> words{SIMPLEVISOR_TEST_BROKER_KEEPER};
  words.insert(words.end(), command.begin(), command.end());
  std::vector<std::string> variables = merged(environment);
  const Pipe lifeline;
  const Pipe report;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, lifeline.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, report.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  posix_spawnattr_t
      attributes;  // a group of its own: Ctrl-C is for the test, which then ends the rest in order
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failed = posix_spawn(&keeper_, words.front().c_str(), &actions, &attributes,
                                 pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(lifeline.ends[0]);
  close(report.ends[1]);
  lifeline_ = lifeline.ends[1];
  report_ = report.ends[0];
  if (failed != 0) throw std::runtime_error(fmt::format("{}: {}", words.front(), std::strerror(failed)));
  const auto first = next_line(std::chrono::seconds(30));
  pid_ = number_after(first.value_or(""), "pid ");
  if (pid_ <= 0) throw std::runtime_error(fmt::format("{} could not be started", name_));
}

KeptProcess::~KeptProcess() {
  close(lifeline_);
  if (keeper_ > 0) waitpid(keeper_, nullptr, 0);
  close(report_);
}

void KeptProcess::signal(int number) const {
  if (::kill(pid_, number) != 0) throw std::runtime_error(fmt::format("{}: it is gone already", name_));
}

void KeptProcess::freeze() const {
  signal(SIGSTOP);
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", pid_);
  const auto all_stopped = [&] {
    return std::ranges::all_of(std::filesystem::directory_iterator{tasks}, [](const auto& task) {
      const std::string stat = content_of(task.path() / "stat");
      const std::size_t state = stat.rfind(") ");
      return state != std::string::npos && stat[state + 2] == 'T';
    });
  };
  if (!eventually(all_stopped)) throw std::runtime_error(fmt::format("{} does not stop", name_));
}

int KeptProcess::wait(std::chrono::seconds limit) {
  int status = -1;
  while (const auto line = next_line(limit)) {
    if (const int exited = number_after(*line, "exited "); exited >= 0) status = exited;
    if (const int killed = number_after(*line, "signal "); killed >= 0) status = 128 + killed;
  }
  return status;
}

std::optional<std::string> KeptProcess::next_line(std::chrono::seconds limit) {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{report_, POLLIN, 0};
    const int count = left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error(fmt::format("{} did not end within {} s", name_, limit.count()));
    char buffer[128];
    const ssize_t got = read(report_, buffer, sizeof buffer);
    if (got <= 0) return std::nullopt;
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
}

Finished run(const Command& command, const Environment& environment, const std::filesystem::path& scratch,
             std::chrono::seconds limit) {
  std::filesystem::remove(scratch);
  KeptProcess process(command, environment, scratch);
  Finished finished{.status = process.wait(limit), .output = content_of(scratch)};
  std::filesystem::remove(scratch);
  return finished;
}

std::filesystem::path new_directory(const std::string& prefix) {
  // Memory where there is enough of it: in a container it may be 64 MiB, and a broker that finds less room than it
  // likes blocks its publishers without a word.
  constexpr std::uintmax_t enough = 2ULL << 30;
  std::error_code unknown;
  const std::filesystem::space_info memory = std::filesystem::space("/dev/shm", unknown);
  std::vector<std::filesystem::path> parents{std::filesystem::temp_directory_path()};
  if (!unknown && memory.available >= enough) parents.insert(parents.begin(), "/dev/shm");
  for (const std::filesystem::path& parent : parents) {
    std::string name = parent / (prefix + "-XXXXXX");
    if (mkdtemp(name.data()) != nullptr) return name;
  }
  throw std::runtime_error("no temporary directory for " + prefix);
}

std::string content_of(const std::filesystem::path& file) {
  // A thread that ends while it is read of makes the reading fail, which iterators would throw.
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return std::move(content).str();
}

}  // namespace simplevisor::test
