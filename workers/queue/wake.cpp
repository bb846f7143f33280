#include "workers/queue/wake.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "workers/dirq/name.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::queue {

namespace {

constexpr std::uint32_t appears = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;

}  // namespace

Wake::Wake(const boost::asio::any_io_executor& executor, std::vector<std::string> queues, OnWoken on_woken)
    : inotify_{executor}, queues_{std::move(queues)}, on_woken_{std::move(on_woken)} {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) {
    complain("inotify");
    return;
  }
  inotify_.assign(descriptor);
  for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
    add(queue, "");
    watch_newest(queue);
  }
}

void Wake::arm() {
  if (!inotify_.is_open()) return;
  find_lost();
  if (armed_) return;
  const auto announced = read_announced();
  if (std::ranges::any_of(announced, std::identity{})) {
    for (std::size_t queue = 0; queue < announced.size(); ++queue) {
      if (announced[queue]) on_woken_(queue);
    }
    return;
  }
  armed_ = true;
  inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& ec) {
                        if (ec) return;
                        armed_ = false;
                        arm();
                      });
}

// A queue whose directory was removed, or moved away, and is there again.
void Wake::find_lost() {
  for (const std::size_t queue : std::exchange(lost_, {})) {
    if (!add(queue, "")) continue;
    watch_newest(queue);
    on_woken_(queue);  // what came before the watch
  }
}

void Wake::forget(std::size_t queue) {
  for (const auto& [descriptor, watch] : watches_) {
    if (watch.queue == queue) ::inotify_rm_watch(inotify_.native_handle(), descriptor);  // IN_IGNORED follows
  }
}

std::vector<bool> Wake::read_announced() {
  std::vector<bool> announced(queues_.size(), false);
  std::set<std::size_t> grown;
  alignas(inotify_event) std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t size = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* text = buffer.data() + at + sizeof event;
      const std::string_view name = event.len > 0 ? std::string_view{text} : std::string_view{};
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) announced.assign(announced.size(), true);
      const auto watch = watches_.find(event.wd);
      if (watch == watches_.end()) continue;
      const std::size_t queue = watch->second.queue;
      if ((event.mask & IN_MOVE_SELF) != 0) {
        forget(queue);
      } else if ((event.mask & IN_IGNORED) != 0) {
        if (watch->second.directory.empty()) lost_.insert(queue);
        watches_.erase(watch);
      } else if (watch->second.directory.empty()) {
        if (dirq::parse_directory(name)) grown.insert(queue);
      } else if (dirq::parse_element(name)) {
        announced[queue] = true;
      }
    }
  }
  for (const std::size_t queue : grown) {
    watch_newest(queue);
    announced[queue] = true;  // what came before the watch was there
  }
  return announced;
}

void Wake::watch_newest(std::size_t queue) {
  std::vector<std::string> directories;
  std::error_code ec;
  for (auto entry = std::filesystem::directory_iterator{queues_[queue], ec};
       !ec && entry != std::filesystem::directory_iterator{}; entry.increment(ec)) {
    std::string name = entry->path().filename().string();
    if (dirq::parse_directory(name)) directories.push_back(std::move(name));
  }
  std::ranges::sort(directories, std::greater{});
  directories.resize(std::min(directories.size(), directories_watched));
  for (const auto& [descriptor, watch] : watches_) {
    const bool kept = watch.queue != queue || watch.directory.empty() ||
                      std::ranges::find(directories, watch.directory) != directories.end();
    if (!kept) ::inotify_rm_watch(inotify_.native_handle(), descriptor);  // IN_IGNORED takes it from the map
  }
  for (const std::string& directory : directories) add(queue, directory);
}

bool Wake::add(std::size_t queue, const std::string& directory) {
  const std::string path =
      directory.empty() ? queues_[queue] : fmt::format("{}/{}", queues_[queue], directory);
  const int descriptor = ::inotify_add_watch(inotify_.native_handle(), path.c_str(),
                                             directory.empty() ? appears | IN_MOVE_SELF : appears);
  if (descriptor < 0) {
    if (errno != ENOENT) complain(path);
    if (directory.empty()) lost_.insert(queue);
    return false;
  }
  watches_[descriptor] = {queue, directory};
  return true;
}

void Wake::complain(const std::string& path) {
  if (std::exchange(complained_, true)) return;
  service::warn({{"queue", path}}, "cannot watch {}: {}; polling instead", path, std::strerror(errno));
}

}  // namespace simplevisor::queue
