#include "supervisor/runtime/journal/journal_file.hpp"

#include <sys/mman.h>

#include <array>
#include <cerrno>

#include "supervisor/runtime/rotation.hpp"

namespace simplevisor::runtime::journal {
namespace {

constexpr const char* name = "events.jsonl";
constexpr const char* before = "events.jsonl.1";
constexpr const char* beside = "events.jsonl.new";

}  // namespace

JournalFile::JournalFile(JournalPlace place, UniqueFd dir) : place_{std::move(place)}, dir_{std::move(dir)} {}

StorageResult<JournalFile> JournalFile::open(JournalPlace place) {
  if (::mkdir(place.dir.c_str(), 0700) != 0 && errno != EEXIST)
    return system_failure("make " + place.dir, errno);
  UniqueFd dir{::open(place.dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!dir) return system_failure("open " + place.dir, errno);
  return JournalFile{std::move(place), std::move(dir)};
}

int JournalFile::reopen() {
  UniqueFd file{
      place_.calls.open(dir_.get(), name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600)};
  if (!file) return errno;
  struct stat is{};
  if (::fstat(file.get(), &is) != 0) return errno;
  if (!S_ISREG(is.st_mode)) return EINVAL;
  file_ = std::move(file);
  size_ = static_cast<std::uint64_t>(is.st_size);
  return 0;
}

int JournalFile::load(const std::function<void(std::string_view)>& line) {
  // Killed between the two renames of a rotation: the newest is one further on, and goes back to its place.
  if (::faccessat(dir_.get(), name, F_OK, 0) != 0 && errno == ENOENT)
    place_.calls.rename(dir_.get(), before, name);
  if (const int error = reopen()) return error;
  if (size_ == 0) return 0;
  void* const mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file_.get(), 0);
  if (mapped == MAP_FAILED) return errno;
  const std::string_view all{static_cast<const char*>(mapped), size_};
  std::size_t begin = 0;
  bool in_head = true;
  for (;;) {
    const std::size_t end = all.find('\n', begin);
    if (end == std::string_view::npos) break;
    const std::string_view text = all.substr(begin, end - begin);
    begin = end + 1;
    in_head = in_head && !text.starts_with("{\"id\"");
    if (in_head) head_bytes_ = begin;
    line(text);
  }
  ::munmap(mapped, size_);
  if (begin == size_) return 0;
  if (place_.calls.truncate(file_.get(), static_cast<off_t>(begin)) != 0) return errno;
  size_ = begin;
  return 0;
}

int JournalFile::write_whole(int file, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = place_.calls.write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int JournalFile::rotate(const std::string& head) {
  UniqueFd fresh{place_.calls.open(dir_.get(), beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!fresh) return errno;
  if (const int error = write_whole(fresh.get(), head)) return error;
  if (const int error = rotate_files(place_.calls.rename, dir_.get(), name, place_.files)) return error;
  file_ = {};
  if (place_.calls.rename(dir_.get(), beside, name) != 0) return errno;
  head_bytes_ = head.size();
  return reopen();
}

int JournalFile::append(std::string_view lines, const std::function<std::string()>& head) {
  std::string whole;
  if (!file_) {
    if (const int error = reopen()) return error;
    // Removed by somebody, or not made by a rotation that failed half-way: as complete as any other.
    if (size_ == 0) lines = whole.assign(head()).append(lines);
  }
  if (const int error = write_whole(file_.get(), lines)) {
    if (place_.calls.truncate(file_.get(), static_cast<off_t>(size_)) != 0) file_ = {};  // looked at anew
    return error;
  }
  size_ += lines.size();
  // A file that cannot be rotated grows on, and is tried again with the next lines.
  return size_ - head_bytes_ > place_.bytes_max ? rotate(head()) : 0;
}

}  // namespace simplevisor::runtime::journal
