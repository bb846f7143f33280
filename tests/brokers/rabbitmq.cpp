#include "tests/brokers/rabbitmq.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace simplevisor::test {
namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

// Not the programs in sbin: those switch to the system's user and state.
const fs::path programs = "/usr/lib/rabbitmq/bin";
constexpr seconds start_limit{180};
constexpr seconds stop_limit{60};
constexpr seconds ctl_limit{60};

// Where the broker says READY=1, as it would to systemd: when its listeners are there.
int notification_socket(const fs::path& path) {
  fs::remove(path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path;
  if (name.size() >= sizeof address.sun_path) throw std::runtime_error("path too long for a socket: " + name);
  std::memcpy(address.sun_path, name.data(), name.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    throw std::runtime_error("cannot make the socket " + name);
  }
  return fd;
}

bool says_ready(int notifications) {
  char buffer[4096];
  for (ssize_t got = 0; (got = recv(notifications, buffer, sizeof buffer, 0)) > 0;) {
    const std::string_view text(buffer, static_cast<std::size_t>(got));
    if (text.find("READY=1") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

RabbitMq::RabbitMq(RabbitMqOptions options)
    : options_(std::move(options)), directory_(new_directory("rabbitmq")) {
  if (!fs::exists(programs / "rabbitmq-server")) {
    throw std::runtime_error("rabbitmq-server is not installed; scripts/install-deps test does it");
  }
  for (const char* part : {"home", "mnesia", "log"}) fs::create_directory(directory_ / part);
  if (options_.tls) certificates_ = make_certificates(directory_ / "tls", "guest");
  configure();
  epmd_ = std::make_unique<KeptProcess>(
      Command{"epmd", "-address", "127.0.0.1", "-port", std::to_string(epmd_port_.number())},
      Environment{{"ERL_EPMD_RELAXED_COMMAND_CHECK", "1"}}, directory_ / "log" / "epmd");
  start();
}

RabbitMq::~RabbitMq() {
  server_.reset();
  epmd_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void RabbitMq::configure() const {
  std::ofstream conf(directory_ / "rabbitmq.conf");
  conf << "listeners.tcp.1 = 127.0.0.1:" << amqp_.number()
       << "\nstomp.listeners.tcp.1 = 127.0.0.1:" << stomp_.number()
       << "\nloopback_users.guest = true\nlog.console = false\n"
       << "disk_free_limit.absolute = 1MB\n";
  if (options_.tls) {
    conf << "listeners.ssl.1 = 127.0.0.1:" << amqps_.number()
         << "\nstomp.listeners.ssl.1 = 127.0.0.1:" << stomps_.number()
         << "\nssl_options.cacertfile = " << certificates_.authority.string()
         << "\nssl_options.certfile = " << certificates_.server.string()
         << "\nssl_options.keyfile = " << certificates_.server_key.string()
         << "\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = false\n"
         << "auth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = EXTERNAL\n"
         << "ssl_cert_login_from = common_name\nstomp.ssl_cert_login = true\n";
  }
  for (const std::string& line : options_.configuration) conf << line << '\n';
  std::ofstream(directory_ / "enabled_plugins")
      << (options_.tls ? "[rabbitmq_stomp,rabbitmq_auth_mechanism_ssl].\n" : "[rabbitmq_stomp].\n");
}

Environment RabbitMq::environment() const {
  return {
      {"HOME", directory_ / "home"},  // holds the cookie
      {"LANG", "C.UTF-8"},
      {"ERL_EPMD_ADDRESS", "127.0.0.1"},
      {"ERL_EPMD_PORT", std::to_string(epmd_port_.number())},
      {"ERL_CRASH_DUMP_BYTES", "0"},
      {"RABBITMQ_NODENAME", fmt::format("test{}@localhost", amqp_.number())},
      {"RABBITMQ_DIST_PORT", std::to_string(distribution_.number())},
      {"RABBITMQ_MNESIA_BASE", directory_ / "mnesia"},
      {"RABBITMQ_LOG_BASE", directory_ / "log"},
      {"RABBITMQ_CONFIG_FILE", directory_ / "rabbitmq.conf"},
      {"RABBITMQ_ENABLED_PLUGINS_FILE", directory_ / "enabled_plugins"},
      {"RABBITMQ_PID_FILE", directory_ / "pid"},
      {"RABBITMQ_CONF_ENV_FILE", directory_ / "none"},
      // Two schedulers that do not spin: tests share a small machine.
      {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
       "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"},
  };
}

void RabbitMq::start() {
  const fs::path socket_path = directory_ / "notify";
  const int notifications = notification_socket(socket_path);
  Environment variables = environment();
  variables["NOTIFY_SOCKET"] = socket_path;
  try {
    server_ = std::make_unique<KeptProcess>(Command{programs / "rabbitmq-server"}, variables,
                                            directory_ / "log" / "server");
    await_ready(notifications);
  } catch (...) {
    close(notifications);
    throw;
  }
  close(notifications);
}

void RabbitMq::await_ready(int notifications) {
  const auto deadline = std::chrono::steady_clock::now() + start_limit;
  for (;;) {
    if (says_ready(notifications)) return;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready[2] = {{notifications, POLLIN, 0}, {server_->ended_fd(), POLLIN, 0}};
    const int count = left.count() > 0 ? poll(ready, 2, static_cast<int>(left.count())) : 0;
    if (count == 0 || ready[1].revents != 0) {
      throw std::runtime_error(fmt::format("RabbitMQ {}:\n{}", count == 0 ? "is not ready" : "ended", log()));
    }
  }
}

void RabbitMq::stop() {
  server_->signal(SIGTERM);
  server_->wait(stop_limit);
  server_.reset();
}

void RabbitMq::kill() {
  server_->signal(SIGKILL);
  server_->wait(stop_limit);
  server_.reset();
}

void RabbitMq::freeze() {
  server_->freeze();
}
void RabbitMq::thaw() {
  server_->signal(SIGCONT);
}
pid_t RabbitMq::pid() const {
  return server_->pid();
}

std::string RabbitMq::ctl(const std::vector<std::string>& arguments) {
  Command command{programs / "rabbitmqctl", "-q", "--no-table-headers"};
  // Only listings know the second option.
  if (arguments.empty() || !arguments.front().starts_with("list_")) command.pop_back();
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Finished finished = run(command, environment(), directory_ / "log" / "ctl", ctl_limit);
  if (finished.status != 0) {
    throw std::runtime_error(fmt::format("rabbitmqctl {}: status {}\n{}", fmt::join(arguments, " "),
                                         finished.status, finished.output));
  }
  return finished.output;
}

RabbitMq::Alarm RabbitMq::block() {
  return Alarm{*this};
}

RabbitMq::Alarm::Alarm(RabbitMq& broker) : broker_{&broker} {
  // The second question is answered once the first word has reached every connection.
  broker.eval("rabbit_alarm:set_alarm({{resource_limit,disk,node()},[]}), rabbit_alarm:get_alarms().");
}

void RabbitMq::Alarm::clear() {
  if (RabbitMq* const broker = std::exchange(broker_, nullptr))
    broker->eval("rabbit_alarm:clear_alarm({resource_limit,disk,node()}), rabbit_alarm:get_alarms().");
}

RabbitMq::Alarm::~Alarm() {
  try {
    clear();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): a broker that is gone blocks nobody
  }
}

std::string RabbitMq::amqp_uri() const {
  return fmt::format("amqp://guest:guest@127.0.0.1:{}", amqp_.number());
}

std::string RabbitMq::log() const {
  std::string text = content_of(directory_ / "log" / "server");
  text += content_of(directory_ / "log" / fmt::format("test{}@localhost.log", amqp_.number()));
  constexpr std::size_t enough = 4000;
  return text.size() > enough ? text.substr(text.size() - enough) : text;
}

}  // namespace simplevisor::test
