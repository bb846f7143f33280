// supervisor/process/cgroup.hpp
//
// One control group (version 2) per worker, where the system delegated a subtree to us: nothing a worker
// started can leave it, and all of it ends with one write.
//
// Semantics  Off unless asked for: a group for each life makes a start about a quarter longer. No controllers
//            are enabled, so the supervisor may stay where it is.
// Errors     not_found: no cgroup v2 mounted; not_permitted: it is not ours to write.
// Threads    plain objects.
#pragma once

#include <string>
#include <string_view>

#include "supervisor/process/error.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

// The group of one worker. Destroying it closes descriptors, and leaves the group to whoever is in it.
class Cgroup {
 public:
  Cgroup(Cgroup&& other) noexcept;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int procs() const { return procs_; }  // for LaunchPlan::cgroup_procs

  // SIGKILL to every process in it, atomically (cgroup.kill, Linux 5.14).
  [[nodiscard]] Result<void> kill();
  // Whether a process is in it, zombies aside.
  [[nodiscard]] Result<bool> populated() const;
  // Fails with EBUSY while it is populated.
  [[nodiscard]] Result<void> remove();

 private:
  friend class CgroupTree;
  Cgroup(const Syscalls& syscalls, std::string path, int procs)
      : syscalls_(&syscalls), path_(std::move(path)), procs_(procs) {}

  const Syscalls* syscalls_;
  std::string path_;
  int procs_;
};

// The subtree our groups are made in: the group this process is in.
class CgroupTree {
 public:
  // Looks where cgroup v2 is mounted (also beside version 1) and whether we may make groups there, by making
  // `instance`.
  [[nodiscard]] static Result<CgroupTree> find(std::string_view instance,
                                               const Syscalls& syscalls = real_syscalls());

  // A group that exists is used again. `name`: a file name, no slash.
  [[nodiscard]] Result<Cgroup> create(std::string_view name) const;
  // Removes the tree's own directory, once its groups are gone.
  [[nodiscard]] Result<void> remove() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  CgroupTree(const Syscalls& syscalls, std::string path) : syscalls_(&syscalls), path_(std::move(path)) {}
  const Syscalls* syscalls_;
  std::string path_;
};

}  // namespace simplevisor::process
