#include "supervisor/runtime/journal/tape_file.hpp"

#include <cerrno>

#include "supervisor/runtime/journal/tape.hpp"

namespace simplevisor::runtime::journal {
namespace {

constexpr const char* name = "tape.jsonl";
constexpr const char* before = "tape.jsonl.1";

}  // namespace

int TapeFile::begin() {
  const UniqueFd dir{::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!dir) return errno;
  if (calls_.rename(dir.get(), name, before) != 0 && errno != ENOENT) return errno;
  file_ = UniqueFd{calls_.open(dir.get(), name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)};
  return file_ ? 0 : errno;
}

int TapeFile::write_whole(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = calls_.write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int TapeFile::append(std::string_view lines) {
  if (ended_ || lines.empty()) return 0;
  int error = file_ ? 0 : begin();
  if (error == 0) error = write_whole(lines);
  size_ += lines.size();
  ended_ = error != 0 || size_ > bytes_max;
  if (error == 0 && ended_) error = write_whole(std::string(tape_cut) + "\n");
  return error;
}

}  // namespace simplevisor::runtime::journal
