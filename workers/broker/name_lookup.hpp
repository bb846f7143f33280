// workers/broker/name_lookup.hpp
//
// The addresses of a host, asked for by a thread that nobody has to wait for.
//
// Why        getaddrinfo cannot be interrupted, and takes half a minute where no name server answers; an agent that is
//            told to stop must not wait for it, nor join a thread that does.
// Life       the thread ends with its answer, and owns what it touches together with this object, which may go first.
//            So many of them are there as lookups were given up within the time that the C library allows itself.
// Errors     std::system_error when there is no descriptor or no thread to be had.
// Threads    one owner.
#pragma once

#include <expected>
#include <memory>
#include <string>

struct addrinfo;

namespace simplevisor::broker {

class NameLookup {
 public:
  // `datagrams`: for UDP; otherwise for TCP.
  NameLookup(const std::string& host, const std::string& port, bool datagrams = false);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // Becomes readable with the answer, and stays so.
  [[nodiscard]] int fd() const noexcept;
  [[nodiscard]] bool answered() const noexcept;
  // Once it is answered: the addresses, which live as long as this object, or why there are none.
  [[nodiscard]] std::expected<const addrinfo*, std::string> answer() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace simplevisor::broker
