#include "workers/broker/name_lookup.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <thread>

namespace simplevisor::broker {

struct NameLookup::Shared {
  Shared() : fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (fd < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    if (list != nullptr) freeaddrinfo(list);
    close(fd);
  }

  const int fd;
  addrinfo* list = nullptr;
  int error = 0;
  std::atomic<bool> done = false;  // publishes the two before it
};

NameLookup::NameLookup(const std::string& host, const std::string& port, bool datagrams)
    : shared_{std::make_shared<Shared>()} {
  std::thread{[shared = shared_, host, port, datagrams] {
    addrinfo hints{};
    hints.ai_socktype = datagrams ? SOCK_DGRAM : SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    shared->error = getaddrinfo(host.c_str(), port.c_str(), &hints, &shared->list);
    shared->done.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = write(shared->fd, &one, sizeof one);
  }}.detach();
}

NameLookup::~NameLookup() = default;

int NameLookup::fd() const noexcept {
  return shared_->fd;
}

bool NameLookup::answered() const noexcept {
  return shared_->done.load(std::memory_order_acquire);
}

std::expected<const addrinfo*, std::string> NameLookup::answer() const {
  if (!answered()) return std::unexpected("no answer yet");
  if (shared_->error != 0) return std::unexpected(gai_strerror(shared_->error));
  return shared_->list;
}

}  // namespace simplevisor::broker
