// tests/stomp/client_with_fake_server.hpp
//
// A client and the broker that it talks to, which says whatever a test wants.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/stomp/driver.hpp"
#include "tests/stomp/fake_server.hpp"

namespace simplevisor::stomp {

inline message::Message to(std::string destination, std::string body = "x") {
  return {{{"destination", std::move(destination)}}, std::move(body), false};
}

class StompClient : public ::testing::Test {
 protected:
  Options reliable() const {
    Options options = server.options();
    options.reliable = true;
    return options;
  }
  Options subscribed(std::size_t count = 1) const {
    Options options = reliable();
    for (std::size_t i = 0; i < count; ++i)
      options.subscribe.push_back(message::Header{{"destination", "/queue/" + std::to_string(i)}});
    return options;
  }
  void hear_version(const std::string& version, const std::string& broker = "Test/1") {
    server.on("CONNECT", [=](const Frame&) {
      return FakeServer::frame("CONNECTED", {{"version", version}, {"server", broker}});
    });
  }

  boost::asio::io_context loop;
  FakeServer server{loop};
};

}  // namespace simplevisor::stomp
