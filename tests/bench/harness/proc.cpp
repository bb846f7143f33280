#include "tests/bench/harness/proc.hpp"

#include <dirent.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unordered_map>

namespace simplevisor::bench {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return std::move(text).str();
}

// The number behind "name:" at the start of a line; 0 when there is none.
std::uint64_t field(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  }
  return 0;
}

// The parent stands behind the command's name, which is in parentheses and may hold anything.
pid_t parent_of(const std::string& stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  char state = 0;
  int parent = 0;
  if (std::sscanf(stat.c_str() + name_end + 1, " %c %d", &state, &parent) != 2) return 0;
  return parent;
}

std::uint64_t switches_of(pid_t pid) {
  std::uint64_t sum = 0;
  std::error_code ignored;
  for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), ignored)) {
    const std::string status = read_file(thread.path() / "status");
    sum += field(status, "voluntary_ctxt_switches") + field(status, "nonvoluntary_ctxt_switches");
  }
  return sum;
}

}  // namespace

std::vector<pid_t> descendants(pid_t root) {
  std::unordered_multimap<pid_t, pid_t> children;
  DIR* directory = ::opendir("/proc");
  if (directory == nullptr) return {};
  while (const dirent* entry = ::readdir(directory)) {
    pid_t pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, pid).ptr != end || pid <= 0) continue;
    children.emplace(parent_of(read_file(fmt::format("/proc/{}/stat", pid))), pid);
  }
  ::closedir(directory);

  std::vector<pid_t> found{root};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

std::chrono::nanoseconds cpu_time_of(const std::vector<pid_t>& pids) {
  std::chrono::nanoseconds sum{0};
  for (const pid_t pid : pids) {
    clockid_t clock{};
    timespec spent{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &spent) != 0) continue;
    sum += std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
  }
  return sum;
}

Usage usage_of(const std::vector<pid_t>& pids) {
  Usage sum;
  sum.cpu = cpu_time_of(pids);
  for (const pid_t pid : pids) {
    const std::string memory = read_file(fmt::format("/proc/{}/smaps_rollup", pid));
    if (memory.empty()) continue;  // gone, or a zombie
    ++sum.processes;
    sum.rss_kib += field(memory, "Rss");
    sum.pss_kib += field(memory, "Pss");
    sum.switches += switches_of(pid);
  }
  return sum;
}

std::vector<pid_t> difference(std::vector<pid_t> all, const std::set<pid_t>& without) {
  std::erase_if(all, [&](pid_t pid) { return without.contains(pid); });
  return all;
}

}  // namespace simplevisor::bench
