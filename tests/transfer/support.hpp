// tests/transfer/support.hpp
//
// An agent under test: the real program with its arguments, and the queues on either side of it.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/consumer/support.hpp"
#include "tests/eventually.hpp"

namespace simplevisor::transfer {

using consumer::body_of;
using consumer::contents;
using consumer::Program;
using consumer::queue_at;
using consumer::read_file;
using consumer::TemporaryDirectory;

class Workshop {
 public:
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }

  // Messages with the bodies "PREFIX-N".
  void fill(const std::string& queue, int count, const std::string& prefix = "m",
            const message::Header& header = {}, int first = 0) {
    dirq::Queue target = queue_at(path(queue));
    for (int n = first; n < first + count; ++n) {
      const message::Message message{header, prefix + "-" + std::to_string(n), true};
      ASSERT_TRUE(target.add(message::encode(message).value()));
    }
  }
  [[nodiscard]] std::multiset<std::string> bodies(const std::string& queue) const {
    std::multiset<std::string> all;
    for (const std::string& content : contents(path(queue))) all.insert(body_of(content));
    return all;
  }
  [[nodiscard]] std::size_t count(const std::string& queue) const {
    return queue_at(path(queue)).count().value();
  }

  [[nodiscard]] Program start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), TRANSFER_PROGRAM);
    return Program{std::move(arguments), path("stderr")};
  }
  [[nodiscard]] std::unique_ptr<Program> start_new(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), TRANSFER_PROGRAM);
    return std::make_unique<Program>(std::move(arguments), path("stderr"));
  }
  // Runs to its end.
  [[nodiscard]] int run(std::vector<std::string> arguments) const {
    Program agent = start(std::move(arguments));
    agent.lines();
    return agent.wait();
  }
  // True once somebody has reported this.
  [[nodiscard]] bool logged(const std::string& text) const {
    return test::eventually([&] { return log().find(text) != std::string::npos; });
  }
  [[nodiscard]] std::string log() const { return read_file(path("stderr")); }

 private:
  TemporaryDirectory directory_;
};

inline std::multiset<std::string> numbered(int count, const std::string& prefix = "m") {
  std::multiset<std::string> all;
  for (int n = 0; n < count; ++n) all.insert(prefix + "-" + std::to_string(n));
  return all;
}

}  // namespace simplevisor::transfer
