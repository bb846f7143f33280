// The figures of a directory queue, from the names in it. The library of the workers is not used: supervisor and workers share
// no code, and what is needed here is the names of files.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <memory>

#include "supervisor/control/unix_socket.hpp"
#include "supervisor/control/worker_files.hpp"

namespace simplevisor::control {
namespace {

constexpr std::size_t directory_digits = 8;
constexpr std::size_t element_digits = 14;
constexpr std::size_t second_digits = 8;
constexpr std::size_t microsecond_digits = 5;  // behind those of the second; the last digit is random
constexpr unsigned elements_between_looks = 1'000;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::uint64_t number_of(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

std::chrono::system_clock::time_point time_of(std::string_view element) {
  using namespace std::chrono;
  return system_clock::time_point{} + seconds{number_of(element.substr(0, second_digits))} +
         microseconds{number_of(element.substr(second_digits, microsecond_digits))};
}

class Listing {
 public:
  Listing(int above, const char* name)
      : fd_(::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)) {
    if (!fd_) return;
    dir_.reset(::fdopendir(fd_.get()));
    if (dir_) at_ = fd_.release();
  }
  explicit operator bool() const { return dir_ != nullptr; }
  [[nodiscard]] int fd() const { return at_; }
  const char* next() {
    const dirent* const entry = ::readdir(dir_.get());
    return entry ? entry->d_name : nullptr;
  }

 private:
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  Fd fd_;
  std::unique_ptr<DIR, Close> dir_;
  int at_ = -1;
};

bool is_directory(int above, const char* name) {
  struct stat status{};
  return ::fstatat(above, name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

class Counter {
 public:
  Counter(QueueFigures& figures, const std::function<bool()>& go_on) : figures_(figures), go_on_(go_on) {}

  void count(Listing& top) {
    normal_ = is_directory(top.fd(), "temporary") && is_directory(top.fd(), "obsolete");
    while (const char* const name = top.next()) {
      const std::string_view text(name);
      if (text.size() != directory_digits || !is_lower_hex(text)) continue;
      if (!look()) return;
      Listing directory(top.fd(), name);
      if (directory) count_directory(directory);
    }
  }

 private:
  void count_directory(Listing& directory) {
    std::uint64_t elements = 0;
    std::uint64_t locked = 0;
    while (const char* const name = directory.next()) {
      const std::string_view text(name);
      const std::string_view element = text.substr(0, element_digits);
      if (element.size() < element_digits || !is_lower_hex(element)) continue;
      if (text.size() == element_digits) {
        ++elements;
        const auto time = time_of(element);
        if (!figures_.oldest || time < *figures_.oldest) figures_.oldest = time;
        if (normal_ && is_directory(directory.fd(), (std::string(text) + "/locked").c_str())) ++locked;
        if (elements % elements_between_looks == 0 && !look()) break;
      } else if (!normal_ && text.substr(element_digits) == ".lck") {
        ++locked;
      }
    }
    // A lock may be gone before its element is, or be there for an element that was not listed.
    locked = std::min(locked, elements);
    figures_.locked += locked;
    figures_.ready += elements - locked;
  }

  bool look() {
    if (figures_.whole && !go_on_()) figures_.whole = false;
    return figures_.whole;
  }

  QueueFigures& figures_;
  const std::function<bool()>& go_on_;
  bool normal_ = false;
};

}  // namespace

QueueFigures count_queue(const std::string& path, const std::function<bool()>& go_on) {
  QueueFigures figures{.path = path};
  Listing top(AT_FDCWD, path.c_str());
  if (!top) return figures;
  figures.readable = true;
  Counter(figures, go_on).count(top);
  return figures;
}

}  // namespace simplevisor::control
