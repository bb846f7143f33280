#include "tests/hanging_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>

namespace simplevisor::test {
namespace {

constexpr std::size_t write_bytes_max = std::size_t{128} << 10;

struct File {
  std::uint64_t id = 0;
  std::string bytes;
  mode_t mode = S_IFREG | 0640;
  std::uint64_t changed = 1'700'000'000;
};

// The daemon: one request after the other, until the device is gone.
class Answers {
 public:
  explicit Answers(int device) : device_(device) {}

  void serve() {
    std::string request(write_bytes_max + 4096, '\0');
    for (;;) {
      const ssize_t got = ::read(device_, request.data(), request.size());
      if (got < 0 && (errno == EINTR || errno == ENOENT)) continue;
      if (got < static_cast<ssize_t>(sizeof(fuse_in_header))) return;
      std::memcpy(&head_, request.data(), sizeof head_);
      answer(std::string_view{request}.substr(sizeof head_, static_cast<std::size_t>(got) - sizeof head_));
    }
  }

 private:
  template <class T>
  static T part(std::string_view& body) {
    T value{};
    std::memcpy(&value, body.data(), sizeof value);
    body.remove_prefix(sizeof value);
    return value;
  }
  static std::string word(std::string_view& body) {
    std::string name{body.substr(0, body.find('\0'))};
    body.remove_prefix(name.size() + 1);
    return name;
  }

  void reply(int error, std::string_view body = {}) const {
    fuse_out_header out{};
    out.len = static_cast<std::uint32_t>(sizeof out + body.size());
    out.error = -error;
    out.unique = head_.unique;
    std::array<iovec, 2> parts{{{&out, sizeof out}, {const_cast<char*>(body.data()), body.size()}}};
    (void)!::writev(device_, parts.data(), body.empty() ? 1 : 2);
  }
  template <class T>
  void give(const T& value) const {
    const void* const place = &value;
    reply(0, {static_cast<const char*>(place), sizeof value});
  }

  static fuse_attr attributes(const File* file) {
    fuse_attr is{};
    is.ino = file ? file->id : FUSE_ROOT_ID;
    is.mode = file ? file->mode : S_IFDIR | 0755;
    is.nlink = 1;
    is.size = file ? file->bytes.size() : 0;
    is.mtime = is.ctime = is.atime = file ? file->changed : 0;
    is.blksize = 4096;
    return is;
  }
  static fuse_entry_out entry(const File& file) {
    fuse_entry_out out{};
    out.nodeid = file.id;
    out.attr = attributes(&file);
    return out;
  }
  File* by_id(std::uint64_t id) {
    const auto found = files_.find(id);
    return found == files_.end() ? nullptr : &found->second;
  }

  void answer(std::string_view body) {
    File* const file = by_id(head_.nodeid);
    switch (head_.opcode) {
      case FUSE_INIT:
        return init(body);
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        return;  // want no answer
      case FUSE_LOOKUP: {
        const auto found = names_.find(word(body));
        return found == names_.end() ? reply(ENOENT) : give(entry(files_[found->second]));
      }
      case FUSE_GETATTR:
      case FUSE_SETATTR: {
        if (!file && head_.nodeid != FUSE_ROOT_ID) return reply(ENOENT);
        if (file && head_.opcode == FUSE_SETATTR) {
          const auto wish = part<fuse_setattr_in>(body);
          if ((wish.valid & FATTR_SIZE) != 0) file->bytes.resize(wish.size);
        }
        fuse_attr_out out{};
        out.attr = attributes(file);
        return give(out);
      }
      case FUSE_CREATE: {
        const auto wish = part<fuse_create_in>(body);
        std::uint64_t& id = names_[word(body)];
        if (id == 0) id = ++last_id_;
        File& made = files_[id];
        made.id = id;
        made.mode = S_IFREG | (wish.mode & 07777);
        struct {
          fuse_entry_out entry;
          fuse_open_out open;
        } out{entry(made), {}};
        out.open.open_flags = FOPEN_DIRECT_IO;
        return give(out);
      }
      case FUSE_OPEN:
      case FUSE_OPENDIR: {
        fuse_open_out out{};
        out.open_flags = head_.opcode == FUSE_OPEN ? FOPEN_DIRECT_IO : 0;
        return give(out);
      }
      case FUSE_WRITE: {
        if (!file) return reply(ESTALE);
        const auto wish = part<fuse_write_in>(body);
        if (file->bytes.size() < wish.offset + wish.size) file->bytes.resize(wish.offset + wish.size);
        std::ranges::copy(body.substr(0, wish.size),
                          file->bytes.begin() + static_cast<std::ptrdiff_t>(wish.offset));
        fuse_write_out out{};
        out.size = wish.size;
        return give(out);
      }
      case FUSE_READ: {
        if (!file) return reply(ESTALE);
        const auto wish = part<fuse_read_in>(body);
        const std::string_view all = file->bytes;
        return reply(0, wish.offset < all.size() ? all.substr(wish.offset, wish.size) : std::string_view{});
      }
      case FUSE_READDIR:
        return list(part<fuse_read_in>(body).offset);
      case FUSE_RENAME2:
      case FUSE_RENAME: {
        if (head_.opcode == FUSE_RENAME2) {
          part<fuse_rename2_in>(body);
        } else {
          part<fuse_rename_in>(body);
        }
        const auto found = names_.find(word(body));
        if (found == names_.end()) return reply(ENOENT);
        const std::uint64_t id = found->second;
        names_.erase(found);
        names_[word(body)] = id;
        return reply(0);
      }
      case FUSE_UNLINK:
        return reply(names_.erase(word(body)) == 1 ? 0 : ENOENT);
      case FUSE_RELEASE:
      case FUSE_RELEASEDIR:
      case FUSE_FSYNC:
      case FUSE_ACCESS:
        return reply(0);
      default:
        return reply(ENOSYS);
    }
  }

  void init(std::string_view body) const {
    const auto wish = part<fuse_init_in>(body);
    fuse_init_out out{};
    out.major = FUSE_KERNEL_VERSION;
    out.minor = FUSE_KERNEL_MINOR_VERSION;
    out.max_readahead = wish.max_readahead;
    out.flags = FUSE_BIG_WRITES;
    out.max_background = 16;
    out.congestion_threshold = 12;
    out.max_write = write_bytes_max;
    give(out);
  }

  void list(std::uint64_t from) const {
    std::string out;
    std::uint64_t at = 0;
    for (const auto& [name, id] : names_) {
      if (++at <= from) continue;
      fuse_dirent is{};
      is.ino = id;
      is.off = at;
      is.namelen = static_cast<std::uint32_t>(name.size());
      is.type = DT_REG;
      const void* const place = &is;
      std::string one{static_cast<const char*>(place), FUSE_NAME_OFFSET};
      one += name;
      one.resize(FUSE_DIRENT_ALIGN(one.size()));
      if (out.size() + one.size() > 4096) break;
      out += one;
    }
    reply(0, out);
  }

  int device_;
  fuse_in_header head_{};
  std::map<std::string, std::uint64_t> names_;
  std::map<std::uint64_t, File> files_;  // those that have no name any more too: somebody may have them open
  std::uint64_t last_id_ = FUSE_ROOT_ID;
};

[[noreturn]] void run_daemon(const std::string& directory, int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Nobody else may hold the device: it is closed, and all who wait are answered, when this process dies.
  const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  const std::string options = "fd=" + std::to_string(device) +
                              ",rootmode=40000,user_id=" + std::to_string(::geteuid()) +
                              ",group_id=" + std::to_string(::getegid());
  const bool mounted = device >= 0 && ::mount("hanging-disk", directory.c_str(), "fuse", MS_NOSUID | MS_NODEV,
                                              options.c_str()) == 0;
  if (!mounted) ::_exit(1);
  if (::write(ready, "m", 1) != 1) ::_exit(1);
  ::close(ready);
  Answers{device}.serve();
  ::_exit(0);
}

}  // namespace

std::unique_ptr<HangingDisk> HangingDisk::mount(const std::string& directory) {
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return nullptr;
  const pid_t pid = ::fork();
  if (pid == 0) run_daemon(directory, ready[1]);
  ::close(ready[1]);
  char byte = 0;
  const bool mounted = pid > 0 && ::read(ready[0], &byte, 1) == 1;
  ::close(ready[0]);
  if (!mounted) {
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    return nullptr;
  }
  return std::unique_ptr<HangingDisk>{new HangingDisk{directory, pid}};
}

HangingDisk::~HangingDisk() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::umount2(directory_.c_str(), MNT_DETACH);
}

void HangingDisk::hang() const {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, WUNTRACED);
}

void HangingDisk::answer() const {
  ::kill(pid_, SIGCONT);
}

}  // namespace simplevisor::test
