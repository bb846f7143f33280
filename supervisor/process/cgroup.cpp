#include "supervisor/process/cgroup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "supervisor/process/files.hpp"

namespace simplevisor::process {

namespace {

constexpr std::size_t proc_file_bytes_max = 4u << 20;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// mountinfo writes blanks and backslashes in paths as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3') {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

struct Mount {
  std::string root;   // which part of the hierarchy is mounted
  std::string point;  // where
};

// proc(5): ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS
std::optional<Mount> find_mount(std::string_view mountinfo) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    if (!line.contains(" - cgroup2 ")) continue;
    const auto fields = split(line, ' ');
    if (fields.size() > 5) return Mount{unescape(fields[3]), unescape(fields[4])};
  }
  return {};
}

// The line of version 2 is "0::PATH".
std::optional<std::string> own_group(std::string_view cgroup_file) {
  for (const std::string_view line : split(cgroup_file, '\n')) {
    if (line.starts_with("0::")) return std::string{line.substr(3)};
  }
  return {};
}

Result<std::string> own_directory(const Syscalls& syscalls) {
  const auto mounts = read_file(syscalls, "/proc/self/mountinfo", proc_file_bytes_max);
  if (!mounts) return std::unexpected(system_error(mounts.error(), "cannot read /proc/self/mountinfo"));
  const auto mount = find_mount(*mounts);
  const auto groups = read_file(syscalls, "/proc/self/cgroup", proc_file_bytes_max);
  if (!groups) return std::unexpected(system_error(groups.error(), "cannot read /proc/self/cgroup"));
  auto group = own_group(*groups);
  if (!mount || !group || group->contains("/..")) {
    return std::unexpected(Error{Errc::not_found, "no control groups of version 2 are mounted here", {}});
  }
  if (mount->root != "/" && group->starts_with(mount->root)) group->erase(0, mount->root.size());
  if (*group == "/") group->clear();
  return mount->point + *group;
}

Result<void> make_directory(const Syscalls& syscalls, const std::string& path) {
  if (syscalls(SYS_mkdirat, AT_FDCWD, path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return std::unexpected(system_error(errno, fmt::format("cannot make the control group {}", path)));
}

Result<void> remove_directory(const Syscalls& syscalls, const std::string& path) {
  if (syscalls(SYS_unlinkat, AT_FDCWD, path.c_str(), AT_REMOVEDIR) == 0) return {};
  return std::unexpected(system_error(errno, fmt::format("cannot remove the control group {}", path)));
}

bool plain_name(std::string_view name) {
  return !name.empty() && !name.contains('/') && name != "." && name != "..";
}

}  // namespace

Cgroup::Cgroup(Cgroup&& other) noexcept
    : syscalls_(other.syscalls_), path_(std::move(other.path_)), procs_(std::exchange(other.procs_, -1)) {}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  std::swap(syscalls_, other.syscalls_);
  std::swap(path_, other.path_);
  std::swap(procs_, other.procs_);
  return *this;
}

Cgroup::~Cgroup() {
  if (procs_ >= 0) (*syscalls_)(SYS_close, procs_);
}

Result<void> Cgroup::kill() {
  auto written = write_file(*syscalls_, path_ + "/cgroup.kill", "1");
  if (written) return {};
  return std::unexpected(
      system_error(written.error(), fmt::format("cannot end the control group {}", path_)));
}

Result<bool> Cgroup::populated() const {
  const auto events = read_file(*syscalls_, path_ + "/cgroup.events", 4096);
  if (events) return events->contains("populated 1");
  return std::unexpected(system_error(events.error(), fmt::format("cannot read {}/cgroup.events", path_)));
}

Result<void> Cgroup::remove() {
  return remove_directory(*syscalls_, path_);
}

Result<CgroupTree> CgroupTree::find(std::string_view instance, const Syscalls& syscalls) {
  if (!plain_name(instance)) {
    return std::unexpected(
        Error{Errc::invalid, fmt::format("\"{}\" cannot name a control group", instance), {}});
  }
  auto directory = own_directory(syscalls);
  if (!directory) return std::unexpected(directory.error());
  // A process moves between two groups only if their common ancestor is ours to write as well.
  const std::string procs = *directory + "/cgroup.procs";
  if (syscalls(SYS_faccessat, AT_FDCWD, procs.c_str(), W_OK) != 0) {
    return std::unexpected(system_error(errno, fmt::format("the control group {} is not ours", *directory)));
  }
  std::string path = fmt::format("{}/{}", *directory, instance);
  if (auto made = make_directory(syscalls, path); !made) return std::unexpected(made.error());
  return CgroupTree{syscalls, std::move(path)};
}

Result<Cgroup> CgroupTree::create(std::string_view name) const {
  if (!plain_name(name)) {
    return std::unexpected(Error{Errc::invalid, fmt::format("\"{}\" cannot name a control group", name), {}});
  }
  std::string path = fmt::format("{}/{}", path_, name);
  if (auto made = make_directory(*syscalls_, path); !made) return std::unexpected(made.error());
  const std::string procs = path + "/cgroup.procs";
  const long fd = (*syscalls_)(SYS_openat, AT_FDCWD, procs.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(system_error(errno, fmt::format("cannot open {}", procs)));
  return Cgroup{*syscalls_, std::move(path), static_cast<int>(fd)};
}

Result<void> CgroupTree::remove() const {
  return remove_directory(*syscalls_, path_);
}

}  // namespace simplevisor::process
