// workers/stomp/resolver.hpp
//
// Asio's resolver, but for one thing: nobody waits for a lookup that was cancelled. Asio's own ends with its context only
// once the C library has answered.
//
// Errors     one line, without the host. The callback is called once, never from within resolve(), and not after cancel().
// Threads    those of its executor, one at a time.
#pragma once

#include <netdb.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <cstring>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "workers/broker/name_lookup.hpp"

namespace simplevisor::stomp {

template <class Protocol>
class Resolver {
 public:
  using Endpoints = std::vector<typename Protocol::endpoint>;
  using Result = std::expected<Endpoints, std::string>;  // never empty
  using Found = std::function<void(const Result&)>;

  explicit Resolver(const boost::asio::any_io_executor& executor) : readable_{executor} {}
  ~Resolver() { cancel(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void resolve(const std::string& host, std::uint16_t port, Found found) {
    constexpr bool datagrams = std::is_same_v<Protocol, boost::asio::ip::udp>;
    lookup_ = std::make_shared<broker::NameLookup>(host, std::to_string(port), datagrams);
    readable_.assign(lookup_->fd());
    wait(std::move(found));
  }

  void cancel() {
    if (readable_.is_open()) readable_.release();  // the descriptor is the lookup's
    lookup_.reset();
  }

 private:
  void wait(Found found) {
    readable_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                         [this, asked = std::weak_ptr{lookup_},
                          found = std::move(found)](const boost::system::error_code& error) mutable {
                           const auto lookup = asked.lock();
                           if (error || !lookup) return;  // cancelled, and perhaps gone
                           // Asio may take news of an earlier descriptor for this one's.
                           if (!lookup->answered()) return wait(std::move(found));
                           readable_.release();
                           found(endpoints_of(*lookup));
                         });
  }

  static Result endpoints_of(const broker::NameLookup& lookup) {
    const auto answer = lookup.answer();
    if (!answer) return std::unexpected(answer.error());
    Endpoints endpoints;
    for (const addrinfo* address = *answer; address != nullptr; address = address->ai_next) {
      typename Protocol::endpoint endpoint;
      if (address->ai_addrlen > endpoint.capacity()) continue;
      endpoint.resize(address->ai_addrlen);
      std::memcpy(endpoint.data(), address->ai_addr, address->ai_addrlen);
      endpoints.push_back(endpoint);
    }
    if (endpoints.empty()) return std::unexpected("no address");
    return endpoints;
  }

  boost::asio::posix::stream_descriptor readable_;
  std::shared_ptr<broker::NameLookup> lookup_;
};

}  // namespace simplevisor::stomp
