// tests/stomp/fake_server.hpp
//
// A broker that does what a test tells it to, in the same loop as the client: it answers by a script, and says whatever
// bytes it is given, in TCP or TLS.
//
// By default it accepts a connection at a time, answers CONNECT with CONNECTED (1.2) and whatever has a receipt with a RECEIPT.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/stomp/codec_support.hpp"
#include "workers/stomp/options.hpp"

namespace simplevisor::stomp {

class FakeServer {
 public:
  using Reply = std::function<std::string(const Frame&)>;
  using tcp = boost::asio::ip::tcp;

  explicit FakeServer(boost::asio::io_context& loop, boost::asio::ssl::context* tls = nullptr)
      : loop_{loop}, tls_{tls}, acceptor_{loop, {boost::asio::ip::address_v4::loopback(), 0}} {
    on("CONNECT", [](const Frame&) { return frame("CONNECTED", {{"version", "1.2"}}); });
    accept();
  }

  [[nodiscard]] Options options() const {
    Options options;
    options.endpoint.host = "127.0.0.1";
    options.endpoint.port = acceptor_.local_endpoint().port();
    options.endpoint.tls = tls_ != nullptr;
    return options;
  }

  void on(const std::string& command, Reply reply) { replies_[command] = std::move(reply); }

  void say(std::string what) {
    waiting_.push_back(std::move(what));
    if (waiting_.size() == 1) write();
  }
  void hang_up() {
    boost::system::error_code ignored;
    if (stream_) stream_->lowest_layer().close(ignored);
    if (socket_) socket_->close(ignored);
  }

  // Reading stops before the next frame after this.
  void stop_reading() { deaf_ = true; }

  [[nodiscard]] static std::string frame(const std::string& command, const std::vector<HeaderField>& headers,
                                         const std::string& body = {}) {
    std::string text = command + "\n";
    for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
    return text + "\n" + body + '\0';
  }
  [[nodiscard]] static std::string message(int number, const std::string& body = "body",
                                           const std::string& subscription = "s0") {
    const std::string id = std::to_string(number);
    return frame("MESSAGE", {{"subscription", subscription}, {"message-id", "m" + id}, {"ack", "a" + id}},
                 body);
  }
  [[nodiscard]] std::vector<std::string> headers_of(const std::string& command,
                                                    const std::string& name) const {
    std::vector<std::string> values;
    for (const Frame& got : frames) {
      if (got.command == command) values.emplace_back(got.header_or(name, "-"));
    }
    return values;
  }
  [[nodiscard]] std::size_t count(const std::string& command) const { return headers_of(command, "").size(); }

  std::vector<Frame> frames;
  std::size_t bytes = 0;  // received
  bool client_gone = false;
  bool may_be_garbled = false;
  std::string client_certificate;  // its subject, if TLS and if it showed one

 private:
  void accept() {
    acceptor_.async_accept([this, here = here()](boost::system::error_code error, tcp::socket socket) {
      if (here.expired() || error) return;
      parser_ = Parser{{}, {Version::v1_2, true}};
      if (tls_ == nullptr) {
        socket_.emplace(std::move(socket));
        return read();
      }
      stream_.emplace(std::move(socket), *tls_);
      stream_->async_handshake(
          boost::asio::ssl::stream_base::server, [this, here](boost::system::error_code failed) {
            if (here.expired()) return;
            if (failed) {
              client_gone = true;
              return;
            }
            if (X509* const shown = SSL_get1_peer_certificate(stream_->native_handle())) {
              char text[200];
              client_certificate = X509_NAME_oneline(X509_get_subject_name(shown), text, sizeof text);
              X509_free(shown);
            }
            read();
          });
    });
  }

  void read() {
    if (deaf_) return;
    const auto room = parser_.prepare(65'536);
    const auto done = [this, here = here()](boost::system::error_code error, std::size_t count) {
      if (here.expired()) return;
      if (error) {
        client_gone = true;
        return;
      }
      bytes += count;
      parser_.commit(count);
      while (true) {
        auto got = parser_.next();
        EXPECT_TRUE(got || may_be_garbled) << "the client writes bad frames: " << got.error().message;
        if (!got) return hang_up();
        if (!*got) break;
        frames.push_back(**std::move(got));
        answer(frames.back());
      }
      read();
    };
    const auto buffer = boost::asio::buffer(room.data(), room.size());
    if (stream_) return stream_->async_read_some(buffer, done);
    if (socket_ && socket_->is_open()) socket_->async_read_some(buffer, done);
  }

  void answer(const Frame& got) {
    if (const auto reply = replies_.find(got.command); reply != replies_.end()) {
      const Frame copy = got;
      std::string text = reply->second(copy);
      if (!text.empty()) say(std::move(text));
      return;
    }
    if (const auto* const receipt = got.header("receipt")) say(frame("RECEIPT", {{"receipt-id", *receipt}}));
  }

  void write() {
    const auto done = [this, here = here()](boost::system::error_code error, std::size_t) {
      if (here.expired() || error) return;
      waiting_.pop_front();
      if (!waiting_.empty()) write();
    };
    const auto buffer = boost::asio::buffer(waiting_.front());
    if (stream_) return boost::asio::async_write(*stream_, buffer, done);
    if (socket_ && socket_->is_open()) boost::asio::async_write(*socket_, buffer, done);
  }

  // A server may be gone before the last of its operations is told that it was cancelled.
  [[nodiscard]] std::weak_ptr<int> here() const { return alive_; }

  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  boost::asio::io_context& loop_;
  boost::asio::ssl::context* tls_;
  tcp::acceptor acceptor_;
  std::optional<tcp::socket> socket_;
  std::optional<boost::asio::ssl::stream<tcp::socket>> stream_;
  Parser parser_;
  std::map<std::string, Reply> replies_;
  std::deque<std::string> waiting_;
  bool deaf_ = false;
};

}  // namespace simplevisor::stomp
