// Whatever comes over a connection of the control API: HTTP, targets, bodies; and the same bytes as what a client, or a
// supervisor that reads its journal and its holds, may find. Nothing may be asked of the service that was not granted.
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <string>

#include "supervisor/control/json.hpp"
#include "supervisor/control/session.hpp"
#include "supervisor/runtime/journal/event_json.hpp"

namespace {

using namespace simplevisor;
namespace asio = boost::asio;

// Three nodes; does everything at once.
class SmallService final : public runtime::Service {
 public:
  explicit SmallService(asio::io_context& io) : io_(io) {}
  asio::any_io_executor executor() override { return io_.get_executor(); }
  runtime::ServiceInfo info() override {
    return {.name = "fuzz", .version = "1", .state_dir = "/", .phase = "running"};
  }
  std::vector<runtime::NodeStatus> status(std::string_view pattern, const runtime::Scope& within,
                                          runtime::Answer& answer) override {
    std::vector<runtime::NodeStatus> rows;
    for (const char* path : {"root", "root/a", "root/a/b"}) {
      runtime::NodeStatus row;
      row.path = row.name = path;
      if (within.covers(path) && (pattern.empty() || runtime::is_within(path, pattern))) rows.push_back(row);
    }
    if (rows.empty()) answer = {runtime::Outcome::no_such_node, std::string(pattern), {}};
    return rows;
  }
  void start(const runtime::Order& order, runtime::Done done) override { granted(order, done); }
  void stop(const runtime::Order& order, runtime::Done done) override { granted(order, done); }
  void restart(const runtime::Order& order, runtime::Done done) override { granted(order, done); }
  void signal(const runtime::Order& order, int, runtime::Done done) override { granted(order, done); }
  void shut_down(runtime::Done) override { std::abort(); }  // nobody here is an administrator

 private:
  static void granted(const runtime::Order& order, const runtime::Done& done) {
    if (order.within.is_everything() || order.within.covers("root")) std::abort();
    done({});
  }
  asio::io_context& io_;
};

class OneVisitor final : public control::Session::Host {
 public:
  explicit OneVisitor(runtime::Service& service) : service_(service) {}
  const control::Limits& limits() const override { return limits_; }
  void ask(control::Call call, std::function<void(control::Reply)> deliver) override {
    asio::post(service_.executor(), [this, call = std::move(call), deliver = std::move(deliver)] {
      control::carry_out(service_, call, [&](const control::Finding& finding) {
        deliver(control::render(call, finding, service_));
      });
    });
  }
  std::optional<control::Reply> page(std::string_view, std::string_view, std::string_view,
                                     std::string_view) const override {
    return std::nullopt;
  }
  void denied(const std::string&, unsigned, std::string_view, std::string_view) override {}
  const runtime::journal::Recorder* journal() const override { return nullptr; }
  void open_feed(
      control::Call call,
      std::function<void(std::expected<std::unique_ptr<control::Feed>, control::Reply>)> deliver) override {
    asio::post(service_.executor(), [this, call = std::move(call), deliver = std::move(deliver)] {
      control::carry_out(service_, call, [&](const control::Finding& finding) {
        deliver(control::follow(call, finding, service_));
      });
    });
  }
  void follows(const control::Session&, News) override {}
  void ended(const control::Session&) override {}

 private:
  runtime::Service& service_;
  const control::Limits limits_;
};

void connect(std::string_view bytes) {
  asio::io_context io;
  SmallService service(io);
  OneVisitor host(service);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) return;
  [[maybe_unused]] const ssize_t sent = ::send(ends[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ::shutdown(ends[1], SHUT_WR);
  control::Session::Socket socket(io, asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
  const config::Grant::Who anybody = config::Grant::Who::everybody;
  const auto rights = control::Rights::of(
      {.uid = 1, .groups = {}}, 0,
      {{control::Role::read, anybody, 0, "root"}, {control::Role::operate, anybody, 0, "root/a"}});
  const auto session =
      control::Session::create(std::move(socket), {"fuzz", control::open_gate(rights)}, host);
  session->begin();
  for (int turns = 0; io.poll() > 0 && turns < 10'000; ++turns) {
    std::array<char, 65536> answer{};
    while (::recv(ends[1], answer.data(), answer.size(), 0) > 0) {
    }
  }
  session->close();
  io.poll();
  ::close(ends[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  connect(text);
  std::ignore = control::parse_nodes(text);
  std::ignore = control::parse_info(text);
  std::ignore = control::parse_answer(text);
  std::ignore = control::parse_problem(text);
  std::ignore = runtime::journal::parse_line(text);
  return 0;
}
