#include "workers/sarra/assembly.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::sarra {
namespace {

using Head = PartRecord::Head;
using State = PartRecord::State;

constexpr std::size_t piece_bytes = 256 * 1024;

std::string working_name(const std::string& path, const std::string& version) {
  return fmt::format(".simplevisor-{}.part", PartRecord::name_of(path + '\n' + version));
}

std::unexpected<TreeError> begun_anew(const std::string& path) {
  return std::unexpected(TreeError{.kind = TreeError::Kind::passing,
                                   .message = fmt::format("{}: was begun anew meanwhile", path)});
}

std::int64_t number_of(Time time) {
  return time.time_since_epoch().count();
}

// Unlocks whatever way is left.
struct Unlock {
  PartRecord& record;
  explicit Unlock(PartRecord& locked) : record{locked} {}
  Unlock(const Unlock&) = delete;
  Unlock& operator=(const Unlock&) = delete;
  ~Unlock() { record.unlock(); }
};

}  // namespace

TreeResult<Assembly> Assembly::begin(const Tree& tree, const Part& part, const std::string& version,
                                     Time published) {
  auto path = Tree::normal(part.path);
  if (!path) return std::unexpected(std::move(path).error());
  if (path->size() > PartRecord::path_bytes_max) return tree_error("record", *path, ENAMETOOLONG);
  auto place = tree.place(*path, true);
  if (!place) return std::unexpected(std::move(place).error());
  const auto directory = tree.own_directory(true);
  if (!directory) return std::unexpected(directory.error());
  auto record = PartRecord::open(*directory, PartRecord::name_of(*path), true);
  if (!record) return std::unexpected(std::move(record).error());
  Assembly made{std::move(**record), *std::move(place),
                Head{.version = version,
                     .published = number_of(published),
                     .parts = part.blocks.size(),
                     .size = part.total(),
                     .path = *path}};
  auto found = made.record_.read();
  if (!found) return std::unexpected(std::move(found).error());
  if (auto done = made.look(*std::move(found)); !done) return std::unexpected(std::move(done).error());
  made.record_.unlock();
  // A new record has to be found again after the power was gone.
  if (made.fresh_ && ::fsync(directory->get()) != 0) return tree_error("fsync the records at", *path, errno);
  return made;
}

TreeResult<void> Assembly::look(std::optional<Head> found) {
  if (found && found->state == State::placing) {
    // Whoever was about to do it was killed, perhaps after it was done.
    if (auto done = place_it(*found); !done) return done;
    found->state = State::settled;
  }
  const bool ours = found && found->version == head_.version;
  if (found && !ours && head_.published < found->published) {
    standing_ = Standing::superseded;
    return {};
  }
  if (ours && found->state == State::settled && head_.published <= found->published) {
    standing_ = Standing::settled;
    return {};
  }
  if (ours && found->state == State::gathering) {
    const auto opened = open_working_file();
    if (!opened) return std::unexpected(opened.error());
    if (*opened) return head_.published <= found->published ? TreeResult<void>{} : record_.write(head_);
  }
  return begin_anew(found);
}

TreeResult<bool> Assembly::open_working_file() {
  const std::string name = working_name(head_.path, head_.version);
  file_ = FileDescriptor{::openat(place_.directory.get(), name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC)};
  // What is in is lost only if it is not there, not because it cannot be opened now.
  if (!file_ && errno == ENOENT) return false;
  struct stat status{};
  if (!file_ || ::fstat(file_.get(), &status) != 0)
    return tree_error("open the working file of", head_.path, errno);
  return S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == head_.size;
}

TreeResult<void> Assembly::begin_anew(const std::optional<Head>& found) {
  const int directory = place_.directory.get();
  if (found) ::unlinkat(directory, working_name(found->path, found->version).c_str(), 0);
  const std::string name = working_name(head_.path, head_.version);
  ::unlinkat(directory, name.c_str(), 0);
  file_ = FileDescriptor{
      ::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)};
  if (!file_) return tree_error("create a working file for", head_.path, errno);
  if (::ftruncate(file_.get(), static_cast<off_t>(head_.size)) != 0) {
    const int error = errno;
    ::unlinkat(directory, name.c_str(), 0);
    return tree_error("make room for", head_.path, error);
  }
  if (::fsync(directory) != 0) return tree_error("fsync the directory of", head_.path, errno);
  fresh_ = true;
  return record_.write_anew(head_);
}

Assembly::Claim Assembly::claim(std::size_t number) {
  // Looked at while it is claimed: nobody else can bring it in then.
  if (!record_.claim(number)) return Claim::busy;
  if (!record_.has(number)) return Claim::ours;
  record_.release(number);
  return Claim::in;
}

TreeResult<void> Assembly::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return tree_error("write", head_.path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

// Locked again: what the record says now. Nothing: there is no more to be done. An error: what we have written to is not the
// working file any more.
TreeResult<std::optional<Head>> Assembly::again() {
  if (auto locked = record_.lock(); !locked) return std::unexpected(std::move(locked).error());
  auto found = record_.read();
  if (!found) return found;
  const auto& head = *found;
  if (record_.removed() || !head) return begun_anew(head_.path);
  if (head->version == head_.version && head->state == State::settled) return std::nullopt;
  struct stat status{};
  if (head->version != head_.version || ::fstat(file_.get(), &status) != 0 || status.st_nlink == 0)
    return begun_anew(head_.path);
  return found;
}

TreeResult<void> Assembly::keep(std::size_t number) {
  // The data first: what is marked has to be there after the power was gone.
  if (::fdatasync(file_.get()) != 0) return tree_error("fdatasync", head_.path, errno);
  const Unlock unlock{record_};
  const auto head = again();
  auto done = !head ? TreeResult<void>{std::unexpected(head.error())}
                    : (*head ? record_.mark(number) : TreeResult<void>{});
  record_.release(number);
  return done;
}

TreeResult<std::size_t> Assembly::finish(const std::optional<Identity>& whole, std::optional<mode_t> mode,
                                         std::optional<Time> modified) {
  const Unlock unlock{record_};
  auto head = again();
  if (!head) return std::unexpected(std::move(head).error());
  if (!*head) return 0;
  if ((*head)->state == State::gathering) {
    const std::size_t in = record_.count(head_.parts);
    if (in < head_.parts) return head_.parts - in;
    if (whole) {
      if (auto verified = verify(*whole); !verified) return std::unexpected(std::move(verified).error());
    }
    // A file whose mode or time cannot be set is still the file.
    if (mode) (void)::fchmod(file_.get(), *mode & permissions);
    if (modified) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(*modified);
      const timespec times[2] = {
          {.tv_sec = 0, .tv_nsec = UTIME_NOW},
          {.tv_sec = seconds.time_since_epoch().count(), .tv_nsec = (*modified - seconds).count()}};
      (void)::futimens(file_.get(), times);
    }
    if (::fsync(file_.get()) != 0) return tree_error("fsync", head_.path, errno);
    (*head)->state = State::placing;
    if (auto written = record_.write(**head); !written) return std::unexpected(std::move(written).error());
  }
  if (auto placed = place_it(**head); !placed) return std::unexpected(std::move(placed).error());
  return 0;
}

TreeResult<void> Assembly::verify(const Identity& whole) {
  auto digest = Digest::of(whole.method);
  if (!digest) return {};
  std::string piece(piece_bytes, '\0');
  for (std::uint64_t offset = 0; offset < head_.size;) {
    const ssize_t got = ::pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return tree_error("read", head_.path, got < 0 ? errno : EIO);
    digest->update(std::string_view{piece}.substr(0, static_cast<std::size_t>(got)));
    offset += static_cast<std::uint64_t>(got);
  }
  const std::string found = message::base64(digest->finish());
  if (found == whole.value) return {};
  return std::unexpected(
      TreeError{.message = fmt::format(
                    "{}: all parts are in, but {} of the whole is {} and not {} as announced; nothing but "
                    "another announcement helps",
                    head_.path, whole.method, found, whole.value.substr(0, 100))});
}

TreeResult<void> Assembly::place_it(Head head) {
  const int directory = place_.directory.get();
  // Not there: it was renamed before.
  if (::renameat(directory, working_name(head.path, head.version).c_str(), directory, place_.name.c_str()) !=
          0 &&
      errno != ENOENT) {
    return tree_error("rename to", head.path, errno);
  }
  if (::fsync(directory) != 0) return tree_error("fsync the directory of", head.path, errno);
  head.state = State::settled;
  return record_.write(head);
}

TreeResult<void> Assembly::discard(const Tree& tree, std::string_view path, Time published) {
  const auto normal = Tree::normal(path);
  const auto directory = tree.own_directory(false);
  if (!normal) return std::unexpected(normal.error());
  if (!directory && directory.error().kind == TreeError::Kind::absent)
    return {};  // nothing was ever put together here
  if (!directory) return std::unexpected(directory.error());
  auto record = PartRecord::open(*directory, PartRecord::name_of(*normal), false);
  if (!record) return std::unexpected(std::move(record).error());
  if (!*record) return {};
  const Unlock unlock{**record};
  auto found = (*record)->read();
  if (!found) return std::unexpected(std::move(found).error());
  auto& head = *found;
  if (!head || head->published > number_of(published) || head->state != State::gathering) return {};
  if (const auto place = tree.place(head->path, false); place)
    ::unlinkat(place->directory.get(), working_name(head->path, head->version).c_str(), 0);
  head->state = State::settled;
  return (*record)->write(*head);
}

TreeResult<void> Assembly::sweep(const Tree& tree, std::chrono::milliseconds age) {
  auto directory = tree.own_directory(false);
  if (!directory) return {};  // nothing was ever put together here
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{
      ::fdopendir(::fcntl(directory->get(), F_DUPFD_CLOEXEC, 0)), &::closedir};
  if (!entries) return tree_error("list", "unfinished files", errno);
  const auto limit =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(
          std::chrono::system_clock::now() - age));
  while (const dirent* entry =
             ::readdir(entries.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string name = entry->d_name;
    struct stat status{};
    const auto is_old = [&] {
      return ::fstatat(directory->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISREG(status.st_mode) && status.st_mtime < limit;
    };
    if (!is_old()) continue;
    auto record = PartRecord::open(*directory, name, false, false);
    if (!record || !*record) continue;  // somebody works on it
    const Unlock unlock{**record};
    if (!is_old()) continue;  // worked on it until now
    const auto found = (*record)->read();
    if (!found) continue;
    if (const auto& head = *found; head && head->state != State::settled) {
      service::warn({{"path", head->path}}, "{}: given up, {} of {} parts came", head->path,
                    (*record)->count(head->parts), head->parts);
      if (const auto place = tree.place(head->path, false); place)
        ::unlinkat(place->directory.get(), working_name(head->path, head->version).c_str(), 0);
    }
    ::unlinkat(directory->get(), name.c_str(), 0);
  }
  return {};
}

}  // namespace simplevisor::sarra
