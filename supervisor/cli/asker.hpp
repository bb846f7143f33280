// supervisor/cli/asker.hpp
//
// Asks a running supervisor on behalf of one command, within the time the command was given.
//
// Time       --timeout counts from the construction and covers all requests of the command. Without it questions
//            may take 30 s, which only a supervisor that hangs needs, and deeds as long as they take.
// Errors     a Failure, ready to be reported.
// Threads    one at a time; blocks.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/cli/node_text.hpp"
#include "supervisor/cli/terminal.hpp"
#include "supervisor/control/client.hpp"
#include "supervisor/control/json.hpp"
#include "supervisor/runtime/scope.hpp"

namespace simplevisor::cli {

class Asker {
 public:
  // `stop`: a descriptor; once it can be read, nothing waits any longer.
  Asker(std::string socket_path, std::optional<std::chrono::milliseconds> timeout, int stop = -1);

  [[nodiscard]] const std::string& socket_path() const { return client_.socket_path(); }

  struct Found {
    std::string json;  // as the supervisor gave it
    Rows rows;
  };
  // `what` is status, check or tree.
  std::expected<Found, Failure> nodes(std::string_view what, std::string_view pattern) const;

  // The whole paths of all that `pattern` may mean, with what lies below; everything for "".
  std::expected<runtime::Scope, Failure> scope(std::string_view pattern) const;

  // What a GET of `target` answers, as JSON and as it came.
  struct Object {
    std::string json;
    boost::json::object members;
  };
  std::expected<Object, Failure> object(const std::string& target) const;
  // What a GET of `target` answers, as it came.
  std::expected<std::string, Failure> text(const std::string& target) const;
  // Calls `take` for each message of a stream until it returns false or the supervisor ends.
  std::expected<void, Failure> follow(const std::string& target,
                                      const std::function<bool(const control::Client::Message&)>& take) const;

  struct Answered {
    std::string json;
    runtime::Answer answer;
  };
  // `what` is start, stop, restart or signal.
  std::expected<Answered, Failure> act(std::string_view what, const control::OrderBody& order,
                                       bool wait) const;
  std::expected<Answered, Failure> shut_down(bool wait) const;

  std::expected<runtime::ServiceInfo, Failure> info() const;

  // A handle that polls readable when the supervisor's process has ended; empty when it cannot be watched.
  std::expected<control::Fd, Failure> process() const;
  // False: the time was over first.
  bool wait_for_end(const control::Fd& process) const;

 private:
  control::Client::Timeout left(control::Client::Timeout otherwise) const;
  std::expected<control::Response, Failure> get(const std::string& target) const;
  std::expected<Answered, Failure> post(const std::string& target, const std::string& body, bool wait) const;

  control::Client client_;
  std::optional<std::chrono::steady_clock::time_point> end_;
};

}  // namespace simplevisor::cli
