// tests/sarra/brokers.hpp
//
// What the tests of the Sarracenia programs share: a real RabbitMQ, the programs, python3-pika on the other side, and
// announcements for it to publish.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/consumer/support.hpp"
#include "tests/eventually.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {

namespace fs = std::filesystem;
namespace json = boost::json;
using consumer::Program;

inline constexpr std::chrono::seconds long_patience{120};

inline std::string text_of(const json::value& value) {
  return std::string{value.as_string()};
}

class BrokersTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { rabbit = std::make_unique<test::RabbitMq>(); }
  static void TearDownTestSuite() { rabbit.reset(); }

  [[nodiscard]] std::string log() const { return consumer::read_file(directory / "stderr"); }
  [[nodiscard]] std::unique_ptr<Program> start(std::vector<std::string> arguments) const {
    return std::make_unique<Program>(std::move(arguments), directory / "stderr");
  }
  int run(std::vector<std::string> arguments) const {
    const auto program = start(std::move(arguments));
    program->lines();
    return program->wait();
  }
  int peer(std::vector<std::string> words) const {
    words.insert(words.begin(), {"/usr/bin/python3", SARRA_PEER, rabbit->amqp_uri()});
    return run(std::move(words));
  }
  [[nodiscard]] std::vector<std::string> subscriber(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{SARRA_PROGRAM,   "--broker-uri", rabbit->amqp_uri(), "--path",
                                       directory / "q", "--state-dir",  directory / "state"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Until the subscriber's queue is bound: the name it chose is kept before, so it is asked for at the broker.
  [[nodiscard]] bool bound(std::size_t bindings = 1) const {
    return until([&] {
      const std::string name = consumer::read_file(directory / "state/queue-name");
      if (name.empty()) return false;
      const std::string listed = rabbit->ctl({"list_bindings", "source_name", "destination_name"});
      std::size_t found = 0;
      for (std::size_t at = 0; (at = listed.find(name.substr(0, name.size() - 1), at)) != std::string::npos;
           ++at) {
        if (at > 0 && listed[at - 1] == '\t' && at > 1 && listed[at - 2] != '\n') ++found;
      }
      return found >= bindings;  // beside the default exchange's
    });
  }
  template <class Fact>
  static bool until(const Fact& fact) {
    return test::eventually(fact, long_patience);
  }
  // Nothing waits in the subscriber's queue, and nobody has anything of it in hand.
  [[nodiscard]] bool drained() const {
    const std::string name = consumer::read_file(directory / "state/queue-name");
    return until([&] {
      return rabbit->ctl({"list_queues", "name", "messages"}).find(name.substr(0, name.size() - 1) + "\t0") !=
             std::string::npos;
    });
  }
  [[nodiscard]] bool written(std::size_t count) const {
    return until([&] {
      return fs::exists(directory / "q") && consumer::queue_at(directory / "q").count().value() >= count;
    });
  }
  [[nodiscard]] std::multiset<std::string> bodies() const {
    std::multiset<std::string> all;
    for (const std::string& content : consumer::contents(directory / "q"))
      all.insert(consumer::body_of(content));
    return all;
  }
  void write_lines(const std::string& name, const std::vector<json::object>& lines) const {
    std::ofstream out{directory / name};
    for (const json::object& line : lines) out << json::serialize(line) << '\n';
  }
  [[nodiscard]] static json::object announcement(const std::string& exchange, const std::string& path) {
    const Announcement a{.pub_time = "20261121T221128", .base_url = "http://127.0.0.1:1/", .rel_path = path};
    return {{"exchange", exchange},
            {"routing_key", "v03"},
            {"content_type", "application/json"},
            {"headers", json::object{}},
            {"body", encode_v03(a)}};
  }

  static inline std::unique_ptr<test::RabbitMq> rabbit;
  consumer::TemporaryDirectory directory;
};

}  // namespace simplevisor::sarra
