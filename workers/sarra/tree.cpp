#include "workers/sarra/tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "workers/service/error.hpp"

namespace simplevisor::sarra {
namespace {

constexpr std::size_t depth_max = 256;
constexpr std::size_t path_shown_max = 200;
constexpr std::string_view our_prefix = ".simplevisor-";

std::unexpected<TreeError> failed(std::string_view call, std::string_view path, int error = errno) {
  return tree_error(call, path, error);
}

std::unexpected<TreeError> refused(std::string_view path, std::string_view why) {
  return std::unexpected(
      TreeError{.message = fmt::format("\"{}\": {}", path.substr(0, path_shown_max), why)});
}

TreeResult<std::vector<std::string>> names_of(std::string_view path) {
  std::vector<std::string> names;
  if (path.find('\0') != std::string_view::npos)
    return refused(path.substr(0, path.find('\0')), "a zero byte in the path");
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") return refused(path, "leads out of the directory");
    if (name.starts_with(our_prefix)) return refused(path, "a name that is kept for unfinished files");
    if (names.size() == depth_max) return refused(path, "too deep");
    names.emplace_back(name);
  }
  return names;
}

// From a directory `depth` levels below the top. All links of the tree stay inside, also when they are renamed, and
// directories on the way to one are no links, so a ".." is safe as long as none but others came before it.
bool leads_out(std::string_view target, std::size_t depth) {
  if (target.front() == '/' || target.find('\0') != std::string_view::npos) return true;
  bool down = false;
  for (std::string_view rest = target; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name != "..") {
      down = true;
    } else if (down || depth-- == 0) {
      return true;
    }
  }
  return false;
}

TreeResult<FileDescriptor> step_into(const FileDescriptor& directory, const std::string& name, bool make,
                                     std::string_view path) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int opened = ::openat(directory.get(), name.c_str(), flags);
  if (opened < 0 && errno == ENOENT && make) {
    if (::mkdirat(directory.get(), name.c_str(), permissions) != 0 && errno != EEXIST)
      return failed("mkdir", path);
    if (::fsync(directory.get()) != 0) return failed("fsync the directory of", path);
    opened = ::openat(directory.get(), name.c_str(), flags);
  }
  if (opened < 0) return failed("open the directory of", path);
  return FileDescriptor{opened};
}

std::string random_name() {
  std::uint64_t number = 0;
  // Up to 256 bytes are never cut short.
  if (::getrandom(&number, sizeof number, 0) < 0) number = static_cast<std::uint64_t>(::getpid());
  return fmt::format(".simplevisor-{:016x}.part", number);
}

timespec timespec_of(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = whole.time_since_epoch().count(), .tv_nsec = (time - whole).count()};
}

TreeError::Kind kind_of(int error) {
  if (error == ENOENT) return TreeError::Kind::absent;
  switch (service::of_making(error)) {
    case service::ExitCode::temporary:
      return TreeError::Kind::passing;
    case service::ExitCode::permission:
      return TreeError::Kind::denied;
    default:
      return TreeError::Kind::other;
  }
}

}  // namespace

std::unexpected<TreeError> tree_error(std::string_view call, std::string_view path, int error) {
  const char* const why = error == ELOOP ? "a symbolic link is in the way" : std::strerror(error);
  return std::unexpected(
      TreeError{.kind = kind_of(error),
                .message = fmt::format("{} {}: {}", call, path.substr(0, path_shown_max), why)});
}

// ---- a file

Draft::Draft(FileDescriptor directory, FileDescriptor file, std::string temporary, std::string name,
             std::string path)
    : directory_{std::move(directory)},
      file_{std::move(file)},
      temporary_{std::move(temporary)},
      name_{std::move(name)},
      path_{std::move(path)} {}

Draft::Draft(Draft&& other) noexcept
    : directory_{std::move(other.directory_)},
      file_{std::move(other.file_)},
      temporary_{std::exchange(other.temporary_, {})},
      name_{std::move(other.name_)},
      path_{std::move(other.path_)} {}

Draft::~Draft() {
  if (!temporary_.empty()) ::unlinkat(directory_.get(), temporary_.c_str(), 0);
}

TreeResult<void> Draft::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

TreeResult<void> Draft::commit(std::optional<mode_t> mode, std::optional<Time> modified) {
  // A file whose mode or time cannot be set is still the file.
  if (mode) (void)::fchmod(file_.get(), *mode & permissions);
  if (modified) {
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, timespec_of(*modified)};
    (void)::futimens(file_.get(), times);
  }
  if (::fsync(file_.get()) != 0) return failed("fsync", path_);
  if (::renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0) {
    return failed("rename to", path_);
  }
  temporary_.clear();
  if (::fsync(directory_.get()) != 0) return failed("fsync the directory of", path_);
  return {};
}

// ---- the tree

TreeResult<Tree> Tree::open(const std::string& top) {
  std::error_code error;
  std::filesystem::create_directories(top, error);
  const int opened = ::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return failed("open", top);
  return Tree{FileDescriptor{opened}};
}

TreeResult<Tree> Tree::duplicate() const {
  FileDescriptor top{::fcntl(top_.get(), F_DUPFD_CLOEXEC, 0)};
  if (top.get() < 0) return failed("duplicate the descriptor of", "the directory");
  return Tree{std::move(top)};
}

TreeResult<Tree::Place> Tree::place(std::string_view path, bool make) const {
  auto names = names_of(path);
  if (!names) return std::unexpected(std::move(names).error());
  if (names->empty()) return refused(path, "names nothing in the directory");
  FileDescriptor here{::fcntl(top_.get(), F_DUPFD_CLOEXEC, 0)};
  if (here.get() < 0) return failed("duplicate the descriptor above", path);
  for (std::size_t i = 0; i + 1 < names->size(); ++i) {
    auto next = step_into(here, (*names)[i], make, path);
    if (!next) return std::unexpected(std::move(next).error());
    here = *std::move(next);
  }
  return Place{std::move(here), std::move(names->back()), names->size() - 1};
}

TreeResult<std::string> Tree::normal(std::string_view path) {
  const auto names = names_of(path);
  if (!names) return std::unexpected(names.error());
  return fmt::format("{}", fmt::join(*names, "/"));
}

TreeResult<FileDescriptor> Tree::own_directory(bool make) const {
  return step_into(top_, ".simplevisor-parts", make, "unfinished files");
}

TreeResult<Draft> Tree::draft(std::string_view path) const {
  auto found = place(path, true);
  if (!found) return std::unexpected(std::move(found).error());
  std::string temporary = random_name();
  FileDescriptor file{::openat(found->directory.get(), temporary.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)};
  if (file.get() < 0) return failed("create a temporary file for", path);
  return Draft{std::move(found->directory), std::move(file), std::move(temporary), std::move(found->name),
               std::string{path.substr(0, path_shown_max)}};
}

TreeResult<void> Tree::make_directory(std::string_view path, std::optional<mode_t> mode) const {
  const auto names = names_of(path);
  if (!names) return std::unexpected(names.error());
  if (names->empty()) return {};  // the top
  auto found = place(path, true);
  if (!found) return std::unexpected(std::move(found).error());
  const auto made = step_into(found->directory, found->name, true, path);
  if (!made) return std::unexpected(made.error());
  if (mode) (void)::fchmod(made->get(), *mode & permissions);
  return {};
}

TreeResult<void> Tree::make_link(std::string_view path, const std::string& target) const {
  if (target.empty()) return refused(path, "the announcement does not say what the link points to");
  const auto names = names_of(path);
  if (!names) return std::unexpected(names.error());
  if (names->empty()) return refused(path, "names nothing in the directory");
  if (leads_out(target, names->size() - 1)) {
    return refused(path, fmt::format("a link to {}, which may lead out of the directory",
                                     target.substr(0, path_shown_max)));
  }
  auto found = place(path, true);
  if (!found) return std::unexpected(std::move(found).error());
  const std::string temporary = random_name();
  const int directory = found->directory.get();
  if (::symlinkat(target.c_str(), directory, temporary.c_str()) != 0) return failed("symlink", path);
  if (::renameat(directory, temporary.c_str(), directory, found->name.c_str()) != 0) {
    const int error = errno;
    ::unlinkat(directory, temporary.c_str(), 0);
    return failed("rename to", path, error);
  }
  if (::fsync(directory) != 0) return failed("fsync the directory of", path);
  return {};
}

TreeResult<void> Tree::remove(std::string_view path, bool directory) const {
  auto found = place(path, false);
  if (!found) {
    if (found.error().kind == TreeError::Kind::absent) return {};
    return std::unexpected(std::move(found).error());
  }
  if (::unlinkat(found->directory.get(), found->name.c_str(), directory ? AT_REMOVEDIR : 0) != 0 &&
      errno != ENOENT) {
    return failed("remove", path);
  }
  return {};
}

// What a link means depends on where it is.
TreeResult<void> Tree::stays_inside(const Place& from, const Place& to, std::string_view path) const {
  struct stat status{};
  if (::fstatat(from.directory.get(), from.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return failed("stat", path);
  }
  if (S_ISDIR(status.st_mode) && to.depth < from.depth)
    return refused(path, "a directory is not moved upwards: links in it could lead out");
  if (!S_ISLNK(status.st_mode)) return {};
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(from.directory.get(), from.name.c_str(), target.data(), target.size());
  if (size < 0) return failed("readlink", path);
  target.resize(static_cast<std::size_t>(size));
  if (target.empty() || leads_out(target, to.depth))
    return refused(path, "a link that would lead out of the directory from there");
  return {};
}

TreeResult<bool> Tree::rename(std::string_view old_path, std::string_view path) const {
  auto from = place(old_path, false);
  if (!from) {
    if (from.error().kind == TreeError::Kind::absent) return false;
    return std::unexpected(std::move(from).error());
  }
  auto to = place(path, true);
  if (!to) return std::unexpected(std::move(to).error());
  if (auto stays = stays_inside(*from, *to, path); !stays) return std::unexpected(std::move(stays).error());
  if (::renameat(from->directory.get(), from->name.c_str(), to->directory.get(), to->name.c_str()) != 0) {
    if (errno == ENOENT) return false;
    return failed(fmt::format("rename {} to", old_path.substr(0, path_shown_max)), path);
  }
  if (::fsync(to->directory.get()) != 0) return failed("fsync the directory of", path);
  return true;
}

}  // namespace simplevisor::sarra
