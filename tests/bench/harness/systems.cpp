// The bare loops and simplevisor, and what all adapters use.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/bench/harness/system.hpp"

namespace simplevisor::bench {

namespace fs = std::filesystem;

std::string Job::argument(std::string_view id) const {
  return fmt::format("{}:{}:{}", fifo, id, mode);
}

Result<void> write_file(const fs::path& path, const std::string& text, bool executable) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return fail_errno("writing " + path.string());
  if (executable) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return fail(Errc::system_call, fmt::format("{}: {}", path.string(), error.message()));
  return {};
}

Result<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(Errc::unavailable, name + " is not installed");
}

std::vector<System> bare_loops(const fs::path& programs) {
  const auto loop = [&](std::string name, std::string note) {
    System system;
    system.name = "bare " + name;
    system.note = std::move(note);
    system.bare = true;
    system.prepare = [program = (programs / ("bare-" + name)).string()](const Job& job) {
      return Result<std::vector<std::string>>(std::vector<std::string>{
          program, std::to_string(job.workers), job.worker.string(), job.fifo + ":", ":" + job.mode});
    };
    return system;
  };
  return {loop("wait", "blocking waitid(P_ALL), vfork and execve"),
          loop("signalfd", "signalfd(SIGCHLD) in epoll, waitid(P_ALL, WNOHANG), vfork and execve"),
          loop("pidfd", "one pidfd per worker in epoll, vfork and execve")};
}

namespace {

// Nothing but supervision: no capture, no readiness, limits of restarts out of the way, order given up.
std::string simplevisor_head(const Job& job) {
  return fmt::format(
      "[simplevisor]\nname = \"bench\"\nstate_dir = \"{}\"\n\n[simplevisor.log]\nlevel = \"error\"\n\n",
      (job.directory / "state").string());
}

constexpr std::string_view supervision = "ordered = false\nintensity = 100000\nperiod = \"100ms\"\n";
constexpr std::string_view no_output = "stdout = \"null\"\nstderr = \"null\"\n";

std::string tree_of_workers(const Job& job) {
  std::string text = simplevisor_head(job);
  auto out = std::back_inserter(text);
  fmt::format_to(out, "[supervisor.root]\nstrategy = \"one_for_one\"\n{}children = [\n", supervision);
  for (unsigned id = 0; id < job.workers; ++id) fmt::format_to(out, "  \"w{:05}\",\n", id);
  text += "]\n";
  for (unsigned id = 0; id < job.workers; ++id) {
    fmt::format_to(out, "\n[worker.w{:05}]\ncommand = [\"{}\", \"{}\"]\n{}", id, job.worker.string(),
                   job.argument(std::to_string(id)), no_output);
  }
  return text;
}

std::string tree_of_a_pool(const Job& job) {
  return fmt::format(
      "{0}[supervisor.root]\nstrategy = \"one_for_one\"\n{1}children = [\"w\"]\n\n"
      "[pool.w]\nsize = {2}\n{1}command = [\"{3}\", \"{4}\"]\n{5}",
      simplevisor_head(job), supervision, job.workers, job.worker.string(), job.argument("{instance}"),
      no_output);
}

System simplevisor_system(std::string name, std::string note, const fs::path& program,
                          std::string (*tree)(const Job&)) {
  System system;
  system.name = std::move(name);
  system.note = std::move(note);
  system.prepare = [program, tree](const Job& job) -> Result<std::vector<std::string>> {
    if (::access(program.c_str(), X_OK) != 0)
      return fail(Errc::unavailable, program.string() + " is not built");
    const fs::path configuration = job.directory / "bench.toml";
    if (auto written = write_file(configuration, tree(job)); !written)
      return std::unexpected(written.error());
    return std::vector<std::string>{program.string(), "--conf", configuration.string(), "start"};
  };
  return system;
}

}  // namespace

System simplevisor_workers(const fs::path& program) {
  return simplevisor_system("simplevisor",
                            "one_for_one, ordered = false, N [worker.*], no capture, exec readiness", program,
                            tree_of_workers);
}

System simplevisor_pool(const fs::path& program) {
  return simplevisor_system("simplevisor pool", "as simplevisor, one [pool.*] of size N", program,
                            tree_of_a_pool);
}

}  // namespace simplevisor::bench
