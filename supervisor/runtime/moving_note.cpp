#include "supervisor/runtime/moving_note.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

void MovingNote::Slot::set(const Move& move) {
  bytes.store(0, std::memory_order_relaxed);
  std::atomic_signal_fence(
      std::memory_order_seq_cst);  // a kill stops us between two of them, no other processor reads
  inode.store(move.inode, std::memory_order_relaxed);
  offset.store(move.offset, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  bytes.store(move.bytes, std::memory_order_release);
}

MovingNote::Move MovingNote::Slot::get() const {
  return {.inode = inode, .offset = offset, .bytes = bytes};
}

MovingNote::~MovingNote() {
  if (page_) ::munmap(page_, sizeof(Page));
}

void MovingNote::open(int dir) {
  struct stat is{};
  if (::fstat(dir, &is) != 0) return;
  name_ = fmt::format("/simplevisor-{:x}-{:x}-{}", is.st_dev, is.st_ino, ::geteuid());
  const UniqueFd file{::shm_open(name_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  // Everybody may make files there.
  if (!file || ::fstat(file.get(), &is) != 0 || !S_ISREG(is.st_mode) || is.st_uid != ::geteuid() ||
      (is.st_mode & 077) != 0)
    return;
  // Memory is reserved now: later there would be no way to say that there is none.
  if (::posix_fallocate(file.get(), 0, sizeof(Page)) != 0) return;
  void* const page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (page == MAP_FAILED) return;
  page_ = static_cast<Page*>(page);
  if (const Move move = page_->now.get(); move.bytes > 0) page_->earlier.set(move);
  page_->now.bytes = 0;
  earlier_ = page_->earlier.get();
}

void MovingNote::remove() {
  if (page_) ::shm_unlink(name_.c_str());
}

void MovingNote::begin(const Move& move) {
  if (page_) page_->now.set(move);
}

void MovingNote::end() {
  if (page_) page_->now.bytes.store(0, std::memory_order_release);
}

std::optional<MovingNote::Move> MovingNote::of(ino_t inode) const {
  return any() && earlier_.inode == inode ? std::optional{earlier_} : std::nullopt;
}

void MovingNote::settle() {
  earlier_ = {};
  if (page_) page_->earlier.bytes = 0;
}

}  // namespace simplevisor::runtime
