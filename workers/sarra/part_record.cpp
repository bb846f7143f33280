#include "workers/sarra/part_record.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "workers/sarra/digest.hpp"

namespace simplevisor::sarra {
namespace {

constexpr std::size_t head_bytes = 4096;
constexpr std::string_view magic = "simplevisor parts 1\n";

// `from` is a byte of the record; of the record itself it is the first one.
bool set_lock(int file, short type, std::size_t from, bool wait) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(from);
  lock.l_len = 1;
  int done = -1;
  while ((done = ::fcntl(file, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock)) != 0 && errno == EINTR) {
  }
  return done == 0;
}

std::string sum(std::string_view text) {
  return hex(digest("sha256", text).value_or(""));
}

template <class Number>
bool read_number(std::string_view text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string PartRecord::name_of(std::string_view path) {
  return sum(path).substr(0, 32);
}

TreeResult<std::optional<PartRecord>> PartRecord::open(const FileDescriptor& directory,
                                                       const std::string& name, bool make, bool wait) {
  for (;;) {
    const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT : 0);
    PartRecord record{FileDescriptor{::openat(directory.get(), name.c_str(), flags, 0600)}, name};
    if (!record.file_) {
      if (errno == ENOENT) return std::nullopt;
      return tree_error("open the record", name, errno);
    }
    if (!set_lock(record.file_.get(), F_WRLCK, 0, wait)) {
      if (errno == EAGAIN || errno == EACCES) return std::nullopt;
      return tree_error("lock the record", name, errno);
    }
    if (!record.removed()) return record;
  }
}

TreeResult<void> PartRecord::lock() {
  if (!set_lock(file_.get(), F_WRLCK, 0, true)) return tree_error("lock the record", name_, errno);
  return {};
}

void PartRecord::unlock() {
  (void)set_lock(file_.get(), F_UNLCK, 0, false);
}

bool PartRecord::removed() const {
  struct stat status{};
  return ::fstat(file_.get(), &status) != 0 || status.st_nlink == 0;
}

TreeResult<std::optional<PartRecord::Head>> PartRecord::read() const {
  std::string page(head_bytes, '\0');
  const ssize_t got = ::pread(file_.get(), page.data(), page.size(), 0);
  if (got < 0) return tree_error("read the record", name_, errno);
  return parse(page.substr(0, static_cast<std::size_t>(got)));
}

std::optional<PartRecord::Head> PartRecord::parse(std::string_view page) {
  std::string_view rest = page;
  if (!rest.starts_with(magic)) return std::nullopt;
  rest.remove_prefix(magic.size());
  // Six lines, of which the last is the path with its length before it, since a name may have line ends; then the sum.
  std::vector<std::string_view> lines;
  while (lines.size() < 6) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  Head head;
  std::size_t path_bytes = 0;
  if (lines[0].size() != 1 || !read_number(lines[2], head.published) || !read_number(lines[3], head.parts) ||
      !read_number(lines[4], head.size) || !read_number(lines[5], path_bytes) || path_bytes > rest.size())
    return std::nullopt;
  head.state = State{lines[0][0]};
  head.version = lines[1];
  head.path = rest.substr(0, path_bytes);
  const std::string expected = sum(page.substr(0, page.size() - rest.size() + path_bytes));
  if (!rest.substr(path_bytes).starts_with(expected)) return std::nullopt;
  return head;
}

TreeResult<void> PartRecord::write(const Head& head) {
  std::string page =
      fmt::format("{}{}\n{}\n{}\n{}\n{}\n{}\n{}", magic, static_cast<char>(head.state), head.version,
                  head.published, head.parts, head.size, head.path.size(), head.path);
  page += sum(page);
  page.resize(head_bytes, '\0');
  if (::pwrite(file_.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()))
    return tree_error("write the record of", head.path, errno);
  if (::fdatasync(file_.get()) != 0) return tree_error("fdatasync the record of", head.path, errno);
  return {};
}

TreeResult<void> PartRecord::write_anew(const Head& head) {
  // Nothing of before must count as in: without a state there is nothing.
  if (::ftruncate(file_.get(), 0) != 0 || ::ftruncate(file_.get(), static_cast<off_t>(head_bytes)) != 0)
    return tree_error("empty the record of", head.path, errno);
  return write(head);
}

bool PartRecord::has(std::size_t part) const {
  char byte = 0;
  return ::pread(file_.get(), &byte, 1, static_cast<off_t>(head_bytes + part)) == 1 && byte == '1';
}

std::size_t PartRecord::count(std::size_t parts) const {
  std::string bytes(parts, '\0');
  const ssize_t got = ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(head_bytes));
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.begin() + std::max<ssize_t>(got, 0), '1'));
}

TreeResult<void> PartRecord::mark(std::size_t part) {
  if (::pwrite(file_.get(), "1", 1, static_cast<off_t>(head_bytes + part)) != 1)
    return tree_error("write the record", name_, errno);
  if (::fdatasync(file_.get()) != 0) return tree_error("fdatasync the record", name_, errno);
  return {};
}

bool PartRecord::claim(std::size_t part) {
  return set_lock(file_.get(), F_WRLCK, head_bytes + part, false);
}

void PartRecord::release(std::size_t part) {
  (void)set_lock(file_.get(), F_UNLCK, head_bytes + part, false);
}

}  // namespace simplevisor::sarra
