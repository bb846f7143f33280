// tests/dirq/support.hpp
//
// A private directory for each test, and a System whose calls can be watched, failed, or used as the moment at which
// something else happens.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "workers/dirq/queue.hpp"
#include "workers/dirq/system.hpp"

namespace simplevisor::dirq::testing_support {

namespace fs = std::filesystem;

// Every call passes `before`, which may return a negative errno in place of it, and `after` once it is done.
class HookedSystem : public System {
 public:
  std::function<int(std::string_view call)> before = [](std::string_view) { return 0; };
  std::function<void(std::string_view call)> after = [](std::string_view) {};
  std::function<timespec()> clock;         // unset: the real one
  std::size_t write_bytes_max = SIZE_MAX;  // what one write takes at most

  // Fails the `nth` call of that name from now on, once.
  void fail(std::string call, int error, int nth = 1) {
    before = [call = std::move(call), error, left = nth](std::string_view name) mutable {
      return name == call && --left == 0 ? -error : 0;
    };
  }
  void fail_always(std::string call, int error) {
    before = [call = std::move(call), error](std::string_view name) { return name == call ? -error : 0; };
  }

  int openat(int d, const char* p, int f, mode_t m) override {
    return hooked((f & O_CREAT) != 0 ? "create" : "open", [&] { return System::openat(d, p, f, m); });
  }
  int close(int d) override {
    // The descriptor goes in any case, as the kernel's does.
    const int wanted = before("close");
    const int result = System::close(d);
    after("close");
    return wanted < 0 ? wanted : result;
  }
  ssize_t read(int d, void* t, std::size_t s) override {
    return hooked("read", [&] { return System::read(d, t, s); });
  }
  ssize_t writev(int d, const iovec* parts, int count) override {
    return hooked("write", [&]() -> ssize_t {
      if (write_bytes_max == SIZE_MAX) return System::writev(d, parts, count);
      iovec first = parts[0];
      first.iov_len = std::min(first.iov_len, write_bytes_max);
      return System::writev(d, &first, 1);
    });
  }
  int ftruncate(int d, off_t s) override {
    return hooked("ftruncate", [&] { return System::ftruncate(d, s); });
  }
  int fstat(int d, struct stat& s) override {
    return hooked("fstat", [&] { return System::fstat(d, s); });
  }
  int fchmod(int d, mode_t m) override {
    return hooked("fchmod", [&] { return System::fchmod(d, m); });
  }
  int syncfs(int d) override {
    return hooked("syncfs", [&] { return System::syncfs(d); });
  }
  int fdatasync(int d) override {
    return hooked("fdatasync", [&] { return System::fdatasync(d); });
  }
  int fsync(int d) override {
    return hooked("fsync", [&] { return System::fsync(d); });
  }
  ssize_t getdents(int d, void* t, std::size_t s) override {
    return hooked("getdents", [&] { return System::getdents(d, t, s); });
  }
  int fstatat(int d, const char* p, struct stat& s) override {
    return hooked("stat", [&] { return System::fstatat(d, p, s); });
  }
  int linkat(int fd, const char* f, int td, const char* t) override {
    return hooked("link", [&] { return System::linkat(fd, f, td, t); });
  }
  int unlinkat(int d, const char* p, int f) override {
    return hooked((f & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", [&] { return System::unlinkat(d, p, f); });
  }
  int rename_noreplace(int fd, const char* f, int td, const char* t) override {
    return hooked("rename", [&] { return System::rename_noreplace(fd, f, td, t); });
  }
  int renameat(int fd, const char* f, int td, const char* t) override {
    return hooked("renameat", [&] { return System::renameat(fd, f, td, t); });
  }
  int mkdirat(int d, const char* p, mode_t m) override {
    return hooked("mkdir", [&] { return System::mkdirat(d, p, m); });
  }
  int fchmodat(int d, const char* p, mode_t m) override {
    return hooked("fchmodat", [&] { return System::fchmodat(d, p, m); });
  }
  int utimensat_now(int d, const char* p) override {
    return hooked("utime", [&] { return System::utimensat_now(d, p); });
  }
  int futimens_now(int d) override {
    return hooked("utime", [&] { return System::futimens_now(d); });
  }
  int set_mark(int d) override {
    return hooked("set_mark", [&] { return System::set_mark(d); });
  }
  int only_opener(int d) override {
    return hooked("only_opener", [&] { return System::only_opener(d); });
  }
  timespec now() override { return clock ? clock() : System::now(); }

 private:
  template <class Call>
  auto hooked(std::string_view name, Call call) -> decltype(call()) {
    if (const int error = before(name); error < 0) return error;
    const auto result = call();
    after(name);
    return result;
  }
};

class QueueTest : public ::testing::Test {
 protected:
  QueueTest() {
    std::string pattern = ::testing::TempDir() + "dirq-XXXXXX";
    root = ::mkdtemp(pattern.data());
    path = root / "queue";
  }
  ~QueueTest() override { fs::remove_all(root); }

  [[nodiscard]] Queue open(Options options = {}) const { return Queue::open(path.string(), options).value(); }

  // Every file below the queue, as "DDDDDDDD/EEEE..." relative paths, sorted.
  [[nodiscard]] std::vector<std::string> files() const {
    std::set<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (!entry.is_directory()) found.insert(fs::relative(entry.path(), path).string());
    }
    return {found.begin(), found.end()};
  }
  [[nodiscard]] fs::path file(const ElementName& name, std::string_view suffix = "") const {
    return path / (name.str() + std::string(suffix));
  }
  static std::string content(const fs::path& from) {
    std::ifstream in(from, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  static void write(const fs::path& to, std::string_view text) {
    std::ofstream(to, std::ios::binary) << text;
  }
  static void age(const fs::path& of, std::chrono::seconds by) {
    fs::last_write_time(of, fs::file_time_type::clock::now() - by);
  }

  // Takes everything there is, and returns the contents in the order they came.
  static std::vector<std::string> drain(Queue& queue) {
    std::vector<std::string> contents;
    for (auto name = queue.first().value(); name; name = queue.next().value()) {
      auto lock = queue.lock(*name);
      if (!lock) continue;
      contents.push_back(lock->get().value());
      EXPECT_TRUE(lock->remove());
    }
    return contents;
  }

  fs::path root;
  fs::path path;
  HookedSystem system;
};

// The nth call of this name fails with `error`, and the library says `code`.
struct Fault {
  std::string call;
  int error;
  Errc code;
  int nth = 1;
};
inline void PrintTo(const Fault& fault, std::ostream* out) {
  *out << "call " << fault.nth << " of " << fault.call << " fails with errno " << fault.error;
}

inline std::size_t open_descriptors() {
  using std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(directory_iterator("/proc/self/fd"), directory_iterator()));
}

}  // namespace simplevisor::dirq::testing_support
