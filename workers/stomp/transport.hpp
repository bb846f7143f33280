// workers/stomp/transport.hpp
//
// Bytes to and from one endpoint, over TCP or over TLS on it.
//
// Errors     open() tells a Failure: unavailable where nobody answers, configuration where a certificate is not
//            accepted or a file not readable. Reading and writing give Asio's.
// Lifetime   the owner keeps a transport until all its handlers have been called, with operation_aborted after close().
// Threads    the executor's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "workers/broker/failure.hpp"
#include "workers/stomp/options.hpp"

namespace simplevisor::stomp {

class Transport {
 public:
  using Opened = std::function<void(std::optional<broker::Failure>)>;
  using Done = std::function<void(boost::system::error_code, std::size_t)>;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  virtual void open(Opened opened) = 0;
  virtual void read_some(std::span<char> into, Done done) = 0;
  virtual void write_some(std::string_view bytes, Done done) = 0;
  virtual void close() = 0;  // at once, without ceremony
};

// Reads certificate files.
[[nodiscard]] broker::Result<std::unique_ptr<Transport>> make_transport(
    const boost::asio::any_io_executor& executor, const Options& options);

}  // namespace simplevisor::stomp
