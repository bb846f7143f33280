#include "tests/cli/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::testing {
namespace {

using runtime::UniqueFd;

std::pair<UniqueFd, UniqueFd> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Reads both to their ends; a background process that keeps one open would keep us here.
void read_both(std::array<UniqueFd, 2> fds, std::array<std::string*, 2> texts) {
  while (fds[0] || fds[1]) {
    std::array<pollfd, 2> entries{};
    for (std::size_t i = 0; i < 2; ++i) entries[i] = {.fd = fds[i].get(), .events = POLLIN, .revents = 0};
    if (::poll(entries.data(), 2, -1) < 0) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      if (entries[i].revents == 0) continue;
      std::array<char, 4096> chunk{};
      const ssize_t count = ::read(fds[i].get(), chunk.data(), chunk.size());
      if (count > 0) texts[i]->append(chunk.data(), static_cast<std::size_t>(count));
      if (count <= 0) fds[i].reset();
    }
  }
}

}  // namespace

Finished run_program(const std::vector<std::string>& command, const std::string& directory,
                     const std::vector<std::pair<std::string, std::string>>& environment) {
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  std::vector<std::string> variables{"PATH=/usr/bin:/bin"};
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<const char*> argv;
  for (const auto& word : command) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  std::vector<const char*> envp;
  for (const auto& variable : variables) envp.push_back(variable.c_str());
  envp.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid == 0) {
    ::dup2(out_write.get(), STDOUT_FILENO);
    ::dup2(err_write.get(), STDERR_FILENO);
    if (::chdir(directory.c_str()) != 0) ::_exit(126);
    ::execve(argv[0], const_cast<char* const*>(argv.data()), const_cast<char* const*>(envp.data()));
    ::_exit(127);
  }
  out_write.reset();
  err_write.reset();
  Finished finished;
  read_both({std::move(out_read), std::move(err_read)}, {&finished.out, &finished.err});
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  finished.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

}  // namespace simplevisor::testing
