#include "supervisor/process/child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <span>

namespace simplevisor::process {

namespace {

constexpr unsigned descriptor_max = ~0U;

// What rt_sigaction takes: glibc's own structure differs.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

class Child {
 public:
  explicit Child(ChildFrame& frame) : frame_(frame), plan_(*frame.plan), call_(*frame.syscalls) {}

  // Returns only if something failed, with that in the frame.
  void run() {
    collect_handovers();
    if (!schedule()) return;
    if (!leave_shared_descriptors()) return;
    if (!lead()) return;
    if (plan_.cgroup_procs >= 0 && !ok(Stage::cgroup, call_(SYS_write, plan_.cgroup_procs, "0", 1))) return;
    if (!make_room() || !set_streams()) return;
    if (plan_.umask && !ok(Stage::umask, call_(SYS_umask, *plan_.umask))) return;
    if (!set_limits()) return;
    if (plan_.nice && !ok(Stage::priority, call_(SYS_setpriority, PRIO_PROCESS, 0, *plan_.nice))) return;
    if (plan_.directory != nullptr && !ok(Stage::directory, call_(SYS_chdir, plan_.directory))) return;
    if (plan_.credentials != nullptr && !take_credentials(*plan_.credentials)) return;
    if (plan_.initialiser != nullptr && !run_initialiser()) return;
    if (!reset_signals() || !hand_over()) return;
    ok(Stage::exec, call_(SYS_execve, plan_.executable, plan_.argv, plan_.envp));
  }

 private:
  bool ok(Stage stage, long result, int detail = -1) {
    if (result >= 0) return true;
    return fail(stage, errno, detail);
  }

  bool fail(Stage stage, int error, int detail = -1) {
    frame_.stage = stage;
    frame_.detail = detail;
    frame_.error = error;
    return false;
  }

  // Where it cannot be ahead as it should, it is ordinary: what it has from its parent must go in any case.
  bool schedule() {
    if (!plan_.starts_ahead()) return true;
    const sched_param ahead{.sched_priority = worker_priority};
    if (call_(SYS_sched_setscheduler, 0, ahead_policy, &ahead) == 0) return true;
    const sched_param none{};
    return ok(Stage::scheduling, call_(SYS_sched_setscheduler, 0, SCHED_OTHER, &none));
  }

  bool lead() {
    switch (plan_.leads) {
      case Leads::session:
        return ok(Stage::session, call_(SYS_setsid));
      case Leads::group:
        return ok(Stage::session, call_(SYS_setpgid, 0, 0));
      case Leads::nothing:
        return true;
    }
    return true;
  }

  void collect_handovers() {
    std::ranges::copy(plan_.keep, keep_.begin());
    for (int number = 0; number < 3; ++number) {
      const Stream& stream = plan_.stdio[static_cast<std::size_t>(number)];
      stream_fd_[static_cast<std::size_t>(number)] =
          stream.kind == Stream::Kind::null ? frame_.null_fd : stream.fd;
    }
  }

  // A copy of the few descriptors we use, instead of all the parent has: the others are neither copied here
  // nor closed by execve, so a launch costs the same in a supervisor of ten thousand descriptors.
  bool leave_shared_descriptors() {
    if (frame_.copy_descriptors_below < 0) return true;
    return ok(Stage::descriptors,
              call_(SYS_close_range, frame_.copy_descriptors_below, descriptor_max, CLOSE_RANGE_UNSHARE));
  }

  // Moves out of the way every source whose number is the target of another, so that the order of the copies
  // below does not matter (standard output and error exchanged, 3 to 4 and 4 to 5).
  bool make_room() {
    for (int number = 0; number < 3; ++number) {
      const Stream::Kind kind = plan_.stdio[static_cast<std::size_t>(number)].kind;
      if (kind != Stream::Kind::null && kind != Stream::Kind::descriptor) continue;
      if (stream_fd_[static_cast<std::size_t>(number)] < 0) continue;
      if (!move_if_taken(stream_fd_[static_cast<std::size_t>(number)], number, Stage::stdio)) return false;
    }
    for (Handover& handover : keep()) {
      if (!move_if_taken(handover.from, handover.to, Stage::descriptors)) return false;
    }
    return true;
  }

  bool move_if_taken(int& from, int to, Stage stage) {
    if (from == to || !is_target(from)) return true;
    const long moved = call_(SYS_fcntl, from, F_DUPFD_CLOEXEC, above_targets());
    if (!ok(stage, moved, to)) return false;
    from = static_cast<int>(moved);
    return true;
  }

  bool is_target(int number) const {
    if (number < 3) return plan_.stdio[static_cast<std::size_t>(number)].kind != Stream::Kind::inherit;
    return std::ranges::any_of(plan_.keep, [number](const Handover& h) { return h.to == number; });
  }

  int above_targets() const {
    int highest = 2;
    for (const Handover& handover : plan_.keep) highest = std::max(highest, handover.to);
    return highest + 1;
  }

  bool set_streams() {
    for (int number = 0; number < 3; ++number) {
      if (!set_stream(number)) return false;
    }
    return true;
  }

  bool set_stream(int number) {
    const Stream& stream = plan_.stdio[static_cast<std::size_t>(number)];
    switch (stream.kind) {
      case Stream::Kind::inherit:
        return true;
      case Stream::Kind::null:
        if (frame_.null_fd < 0) {
          const long fd = call_(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
          return ok(Stage::stdio, fd, number) && place(static_cast<int>(fd), number, Stage::stdio);
        }
        [[fallthrough]];
      case Stream::Kind::descriptor:
        return place(stream_fd_[static_cast<std::size_t>(number)], number, Stage::stdio);
      case Stream::Kind::output:
        return place(STDOUT_FILENO, number, Stage::stdio);
      case Stream::Kind::fifo: {
        const long fd = call_(SYS_openat, AT_FDCWD, stream.path, O_RDWR | O_CLOEXEC | O_NOCTTY);
        return ok(Stage::stdio, fd, number) && place(static_cast<int>(fd), number, Stage::stdio);
      }
      case Stream::Kind::file: {
        constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
        const long fd = call_(SYS_openat, AT_FDCWD, stream.path, flags, 0640);
        // Not blocking was for the opening only; the worker expects writes that wait.
        return ok(Stage::stdio, fd, number) &&
               ok(Stage::stdio, call_(SYS_fcntl, fd, F_SETFL, O_APPEND), number) &&
               place(static_cast<int>(fd), number, Stage::stdio);
      }
    }
    return fail(Stage::stdio, EINVAL, number);
  }

  // Makes `to` a copy of `from` that stays open across execve.
  bool place(int from, int to, Stage stage) {
    const long result = from == to ? call_(SYS_fcntl, to, F_SETFD, 0) : call_(SYS_dup3, from, to, 0);
    return ok(stage, result, to);
  }

  bool set_limits() {
    for (const ResourceLimit& limit : plan_.limits) {
      const long result = call_(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr);
      if (!ok(Stage::limits, result, limit.resource)) return false;
    }
    return true;
  }

  // Groups while we still may, the user last; all three ids each, so that there is no way back.
  bool take_credentials(const Credentials& credentials) {
    const auto& groups = credentials.groups;
    return ok(Stage::credentials, call_(SYS_setgroups, groups.size(), groups.data())) &&
           ok(Stage::credentials, call_(SYS_setresgid, credentials.gid, credentials.gid, credentials.gid)) &&
           ok(Stage::credentials, call_(SYS_setresuid, credentials.uid, credentials.uid, credentials.uid));
  }

  bool run_initialiser() {
    const int error = plan_.initialiser(plan_.initialiser_argument);
    return error == 0 || fail(Stage::initialiser, error);
  }

  // Dispositions first: what was pending behind the mask then finds no handler to run in our parent's memory.
  bool reset_signals() {
    const KernelSigaction default_action{};
    for (int signal = 1; frame_.dispositions >> (signal - 1) != 0; ++signal) {
      if ((frame_.dispositions >> (signal - 1) & 1) == 0) continue;
      const long result =
          call_(SYS_rt_sigaction, signal, &default_action, nullptr, sizeof default_action.mask);
      if (!ok(Stage::signals, result)) return false;
      if (signal == 64) break;
    }
    const std::uint64_t none = 0;
    return ok(Stage::signals, call_(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none));
  }

  bool hand_over() {
    if (!ok(Stage::descriptors, call_(SYS_close_range, 3, descriptor_max, CLOSE_RANGE_CLOEXEC))) return false;
    for (const Handover& handover : keep()) {
      if (!place(handover.from, handover.to, Stage::descriptors)) return false;
    }
    return true;
  }

  std::span<Handover> keep() { return std::span{keep_}.first(plan_.keep.size()); }

  ChildFrame& frame_;
  const LaunchPlan& plan_;
  const Syscalls& call_;
  std::array<int, 3> stream_fd_{};
  std::array<Handover, handovers_max> keep_{};
};

}  // namespace

int run_child(void* frame) {
  auto& child_frame = *static_cast<ChildFrame*>(frame);
  Child{child_frame}.run();
  // Not exit, which would run the parent's handlers, nor a function the compiler knows not to return:
  // sanitizers hook those. The real call, whatever table a test has put in place.
  for (;;) real_syscalls()(SYS_exit_group, 127);
}

}  // namespace simplevisor::process
