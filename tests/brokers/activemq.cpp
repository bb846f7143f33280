#include "tests/brokers/activemq.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

namespace simplevisor::test {
namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

const fs::path home = "/usr/share/activemq";
const fs::path template_file = "/etc/activemq/instances-available/main/activemq.xml";
constexpr seconds start_limit{180};
constexpr seconds stop_limit{60};

bool listens(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool yes = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return yes;
}

}  // namespace

ActiveMq::ActiveMq() : directory_(new_directory("activemq")) {
  if (!fs::exists(template_file)) {
    throw std::runtime_error("activemq is not installed; scripts/install-deps test does it");
  }
  for (const char* part : {"conf", "data", "tmp"}) fs::create_directory(directory_ / part);
  configure();
  start();
}

ActiveMq::~ActiveMq() {
  server_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void ActiveMq::configure() const {
  std::string text = content_of(template_file);
  const std::size_t openwire = text.find("<transportConnector name=\"openwire\"");
  const std::size_t end = text.find('>', openwire);
  if (end == std::string::npos)
    throw std::runtime_error(fmt::format("{} has no openwire connector", template_file.string()));
  text.replace(
      openwire, end + 1 - openwire,
      fmt::format(R"(<transportConnector name="stomp" uri="stomp://127.0.0.1:{}"/>)", stomp_.number()));
  std::ofstream(directory_ / "conf" / "activemq.xml") << text;
}

void ActiveMq::start() {
  const std::string base = directory_;
  server_ = std::make_unique<KeptProcess>(
      Command{"java", "-Xmx256m", "-Dactivemq.home=" + home.string(), "-Dactivemq.base=" + base,
              "-Dactivemq.conf=" + base + "/conf", "-Dactivemq.data=" + base + "/data",
              "-Djava.io.tmpdir=" + base + "/tmp", "-jar", home / "bin" / "activemq.jar", "start",
              "xbean:file:" + base + "/conf/activemq.xml"},
      Environment{}, directory_ / "data" / "output");
  await_listener();
}

// It tells nobody when it is ready, so it is asked; between two questions its end is waited for.
void ActiveMq::await_listener() const {
  const auto deadline = std::chrono::steady_clock::now() + start_limit;
  while (!listens(stomp_.number())) {
    pollfd ended{server_->ended_fd(), POLLIN, 0};
    const bool gone = poll(&ended, 1, 50) > 0;
    if (gone || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error(fmt::format("ActiveMQ {}:\n{}", gone ? "ended" : "does not listen", log()));
    }
  }
}

void ActiveMq::stop() {
  server_->signal(SIGTERM);
  server_->wait(stop_limit);
  server_.reset();
}

void ActiveMq::kill() {
  server_->signal(SIGKILL);
  server_->wait(stop_limit);
  server_.reset();
}

void ActiveMq::freeze() {
  server_->freeze();
}
void ActiveMq::thaw() {
  server_->signal(SIGCONT);
}

std::string ActiveMq::log() const {
  const std::string text = content_of(directory_ / "data" / "output");
  constexpr std::size_t enough = 4000;
  return text.size() > enough ? text.substr(text.size() - enough) : text;
}

}  // namespace simplevisor::test
