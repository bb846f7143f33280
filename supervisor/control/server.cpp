#include "supervisor/control/server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "supervisor/control/acceptor.hpp"
#include "supervisor/control/log_followers.hpp"
#include "supervisor/control/openings.hpp"
#include "supervisor/control/session.hpp"
#include "supervisor/control/tcp_socket.hpp"
#include "supervisor/control/text.hpp"
#include "supervisor/control/tls_identity.hpp"
#include "supervisor/control/unix_socket.hpp"
#include "supervisor/process/background_thread.hpp"
#include "supervisor/runtime/journal/recorder.hpp"

namespace simplevisor::control {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds between_denials{1};
constexpr std::size_t leaving_max = 64;
constexpr std::chrono::milliseconds time_to_leave{200};

// The way back from the supervision thread, which may hold it longer than the server lives.
class ReturnPath {
 public:
  explicit ReturnPath(asio::io_context& io) : io_(&io) {}
  template <class Handler>
  void post(Handler handler) {
    const std::lock_guard lock(mutex_);
    if (io_ != nullptr) asio::post(*io_, std::move(handler));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }
  bool is_open() {
    const std::lock_guard lock(mutex_);
    return io_ != nullptr;
  }

 private:
  std::mutex mutex_;
  asio::io_context* io_;
};

// What the journal's thread looks at.
struct Followers {
  std::atomic<std::size_t> count = 0;
  std::atomic<bool> told = false;  // that there is news, and has not come to it yet
};

sa_family_t family_of(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  return name.ss_family;
}

}  // namespace

class Server::Impl final : public Session::Host {
 public:
  Impl(runtime::Service& service, ServerOptions options, Fd listener, std::optional<Remote> remote)
      : service_(service),
        supervision_(service.executor()),
        metrics_(service),
        options_(std::move(options)),
        return_path_(std::make_shared<ReturnPath>(io_)),
        local_(io_, std::move(listener), [this](Fd fd) { admit_local(std::move(fd)); }),
        denial_pause_(io_),
        farewell_(io_),
        work_(io_.get_executor()) {
    struct stat file{};
    if (::lstat(options_.socket_path.c_str(), &file) == 0) file_ = {file.st_dev, file.st_ino};
    local_.begin();
    if (remote) {
      port_ = local_port(remote->listener.get());
      gate_ = std::move(remote->gate);
      identity_ = std::move(remote->identity);
      tcp_.emplace(io_, std::move(remote->listener), [this](Fd fd) { admit_remote(std::move(fd)); });
      tcp_->begin();
    }
    if (runtime::journal::Recorder* const recorder = service_.journal()) {
      // May be called once more while we end: what it uses itself outlives us, `this` is used on io_ only.
      news_ = recorder->when_news([this, followers = followers_, way = return_path_] {
        if (followers->count == 0 || followers->told.exchange(true)) return;
        way->post([this] { tell_followers(); });
      });
    }
    log_followers_.listen(service_,
                          [way = return_path_](std::function<void()> what) { way->post(std::move(what)); });
    start_thread();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() override {
    // What has happened until now is for those who follow, too.
    if (runtime::journal::Recorder* const recorder = service_.journal(); recorder && followers_->count > 0)
      recorder->sync(options_.limits.farewell);
    news_.reset();
    log_followers_.stop_listening();
    // Answers that the service gave before now are in the queue ahead of this.
    asio::post(io_, [this] { say_farewell(); });
    thread_.join();
    return_path_->close();
  }

  const Limits& limits() const override { return options_.limits; }
  std::uint16_t port() const { return port_; }

  void ask(Call call, std::function<void(Reply)> deliver) override {
    call.asked = std::chrono::steady_clock::now();
    if (calls_ >= options_.limits.calls_max)
      return asio::post(io_, [deliver = std::move(deliver)] { deliver(busy()); });
    if (call.verb == Verb::healthz) deliver = with_time_limit(std::move(deliver));
    find(call, [this, call, deliver = std::move(deliver)](const Finding& finding) {
      deliver(render(call, finding, service_, &metrics_));
    });
  }

  void open_feed(Call call,
                 std::function<void(std::expected<std::unique_ptr<Feed>, Reply>)> deliver) override {
    if (calls_ >= options_.limits.calls_max)
      return asio::post(io_, [deliver = std::move(deliver)] { deliver(std::unexpected(busy())); });
    find(call, [this, call, deliver = std::move(deliver)](const Finding& finding) {
      deliver(follow(call, finding, service_));
    });
  }

  std::optional<Reply> page(std::string_view method, std::string_view target, std::string_view known_tag,
                            std::string_view accepted_encodings) const override {
    if (!options_.page || (method != "GET" && method != "HEAD")) return std::nullopt;
    const auto accepts = accepted_encodings.contains("gzip") ? web::Accepts::gzip : web::Accepts::plain;
    const auto file = options_.page(target.substr(0, target.find('?')), accepts);
    if (!file) return std::nullopt;
    return page_reply(*file, known_tag);
  }

  void denied(const std::string& who, unsigned status, std::string_view method,
              std::string_view path) override {
    if (!options_.report) return;
    if (denials_untold_ > 0 || denial_pause_.expiry() > std::chrono::steady_clock::now()) {
      if (denials_untold_++ == 0) {
        denial_pause_.async_wait([this](error_code error) {
          if (!error) tell_of_denials();
        });
      }
      return;
    }
    denial_pause_.expires_after(between_denials);
    options_.report(fmt::format("control: {} was refused {} {} ({})", clean_utf8(who), clean_utf8(method),
                                clean_utf8(path), status));
  }

  const runtime::journal::Recorder* journal() const override { return service_.journal(); }

  void follows(const Session& session, News news) override {
    if (news == News::logs) return log_followers_.add(session);
    following_.insert(&session);
    followers_->count = following_.size();
  }

  void ended(const Session& session) override {
    if (following_.erase(&session) > 0) followers_->count = following_.size();
    log_followers_.remove(session);
    std::erase(remote_, &session);
    others_.erase(&session);
    sessions_.erase(&session);
    if (closing_ && sessions_.empty()) farewell_.cancel();
  }

 private:
  static Reply busy() { return refusal(503, "busy", "too many requests are waiting for the supervisor"); }

  // Asks the service; `then` is called on this thread.
  void find(const Call& call, std::function<void(const Finding&)> then) {
    ++calls_;
    auto answer = [this, then = std::move(then)](const Finding& finding) {
      --calls_;
      then(finding);
    };
    // `answer` holds `this`, but runs on io_ only, which `this` owns.
    asio::post(supervision_, [&service = service_, call, way = return_path_, answer = std::move(answer)] {
      if (!way->is_open()) return;
      carry_out(service, call, [way, answer](Finding finding) {
        way->post([answer, finding = std::move(finding)] { answer(finding); });
      });
    });
  }

  void start_thread() {
    thread_ = process::background_thread("control", [this] { run(); });
  }

  void run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
        // Out of memory, in the handler of one connection, which is gone now. The tree goes on, and so do we.
      }
    }
  }

  void admit_local(Fd fd) {
    const auto peer = peer_of(fd.get());
    Rights rights;
    if (peer)
      rights = Rights::of({.uid = peer->uid, .groups = groups_of(fd.get())}, ::geteuid(), options_.rules);
    const std::string name = peer ? fmt::format("uid {}, pid {}", peer->uid, peer->pid) : "somebody";
    if (!rights.highest()) {
      denied(name, 403, "CONNECT", "to the socket");
      return turn_away(std::move(fd), refusal(403, "not_permitted",
                                              options_.rules.empty()
                                                  ? "only root and the supervisor's own user may command it"
                                                  : "nothing is granted to this user"));
    }
    const bool owner = peer->uid == 0 || peer->uid == ::geteuid();
    if (owner ? sessions_.size() - remote_.size() - others_.size() >= options_.limits.connections_max
              : !has_place(peer->uid)) {
      denied(name, 503, "CONNECT", "to the socket");
      return turn_away(std::move(fd), full());
    }
    Session::Socket socket(io_, asio::generic::stream_protocol(AF_UNIX, 0), fd.release());
    const auto session = Session::create(std::move(socket), {name, open_gate(std::move(rights))}, *this);
    if (!owner) others_.emplace(session.get(), peer->uid);
    enter(session);
  }

  // Those who are granted something share their places, so that none of them can take all, and none those of root.
  bool has_place(uid_t uid) const {
    const auto own = std::ranges::count(others_, uid, [](const auto& each) { return each.second; });
    return others_.size() < options_.limits.others_max &&
           static_cast<std::size_t>(own) < options_.limits.user_max;
  }

  // When all are taken, the oldest of those who have not shown the token loses his: strangers keep nobody out by waiting.
  bool has_remote_place() {
    if (remote_.size() < options_.limits.remote_connections_max) return true;
    const auto oldest = std::ranges::find_if(remote_, &Session::is_stranger);
    if (oldest == remote_.end()) return false;
    std::shared_ptr(sessions_.at(*oldest))->close();
    return true;
  }

  void admit_remote(Fd fd) {
    Visitor visitor{fmt::format("client {}", remote_address(fd.get())), gate_, false};
    if (!has_remote_place()) {
      denied(visitor.name, 503, "CONNECT", "to the port");
      // What has no place gets no TLS either: an alert would take the handshake that there is no place for.
      return identity_ ? void() : turn_away(std::move(fd), full());
    }
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sa_family_t family = family_of(fd.get());
    Session::Socket socket(io_, asio::generic::stream_protocol(family, IPPROTO_TCP), fd.release());
    const auto session =
        identity_ ? Session::create_tls(std::move(socket), identity_->context(), std::move(visitor), *this)
                  : Session::create(std::move(socket), std::move(visitor), *this);
    remote_.push_back(session.get());
    enter(session);
  }

  void enter(const std::shared_ptr<Session>& session) {
    sessions_.emplace(session.get(), session);
    session->begin();
  }

  static Reply full() { return refusal(503, "busy", "too many connections are open already"); }

  // The first of the answer and the end of the time.
  std::function<void(Reply)> with_time_limit(std::function<void(Reply)> deliver) {
    struct Race {
      std::function<void(Reply)> deliver;
      asio::steady_timer timer;
    };
    const auto race =
        std::make_shared<Race>(std::move(deliver), asio::steady_timer(io_, options_.limits.health_time));
    race->timer.async_wait([race](error_code error) {
      if (!error && race->deliver)
        std::exchange(race->deliver,
                      nullptr)(refusal(503, "not_alive", "the supervision loop does not answer"));
    });
    return [race](Reply reply) {
      race->timer.cancel();
      if (race->deliver) std::exchange(race->deliver, nullptr)(std::move(reply));
    };
  }

  // Costs a client that may not come in no place, and us no wait: what does not fit the socket is dropped. It is kept for a
  // moment, for who is still sending his request when it is closed does not read the answer.
  void turn_away(Fd fd, const Reply& reply) {
    const std::string bytes = response_bytes(reply, false);
    [[maybe_unused]] const auto sent =
        ::send(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(fd.get(), SHUT_WR);
    if (leaving_ >= leaving_max) return;
    ++leaving_;
    const auto timer = std::make_shared<asio::steady_timer>(io_, time_to_leave);
    const auto kept = std::make_shared<Fd>(std::move(fd));
    timer->async_wait([this, timer, kept](error_code) { --leaving_; });
  }

  void say_farewell() {
    closing_ = true;
    // The file goes first, so that nobody connects to a socket that is about to close.
    struct stat file{};
    if (::lstat(options_.socket_path.c_str(), &file) == 0 && file_ == std::pair(file.st_dev, file.st_ino))
      ::unlink(options_.socket_path.c_str());
    local_.close();
    if (tcp_) tcp_->close();
    log_followers_.end();
    denial_pause_.cancel();
    tell_of_denials();
    farewell_.expires_after(options_.limits.farewell);
    farewell_.async_wait([this](error_code) { for_each_session([](Session& session) { session.close(); }); });
    for_each_session([](Session& session) { session.farewell(); });
    if (sessions_.empty()) farewell_.cancel();
    work_.reset();
  }

  void tell_of_denials() {
    if (denials_untold_ > 0)
      options_.report(
          fmt::format("control: {} more requests were refused", std::exchange(denials_untold_, 0)));
  }

  void tell_followers() {
    followers_->told = false;
    for_each_session([](Session& session) { session.news(); });
  }

  // Sessions leave the map while it is walked.
  template <class F>
  void for_each_session(F what) {
    const auto copy = sessions_;
    for (const auto& [key, session] : copy) what(*session);
  }

  runtime::Service& service_;
  asio::any_io_executor supervision_;
  MetricsSource metrics_;
  ServerOptions options_;
  std::pair<dev_t, ino_t> file_{};
  std::uint16_t port_ = 0;
  std::shared_ptr<Gate> gate_;
  std::optional<TlsIdentity> identity_;
  std::size_t calls_ = 0;
  bool closing_ = false;
  asio::io_context io_{1};
  std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;
  std::unordered_set<const Session*> following_;
  std::vector<const Session*> remote_;                // the oldest first
  std::unordered_map<const Session*, uid_t> others_;  // over the socket, neither root nor our own user
  std::size_t leaving_ = 0;                           // turned away, and not closed yet
  std::shared_ptr<Followers> followers_ = std::make_shared<Followers>();
  runtime::journal::Recorder::Token news_;
  LogFollowers log_followers_{io_, [this](const Session& session) {
                                const auto found = sessions_.find(&session);
                                if (found != sessions_.end()) std::shared_ptr(found->second)->news();
                              }};
  std::shared_ptr<ReturnPath> return_path_;
  Acceptor local_;
  std::optional<Acceptor> tcp_;
  std::size_t denials_untold_ = 0;
  asio::steady_timer denial_pause_;
  asio::steady_timer farewell_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return impl_->port();
}

std::expected<std::unique_ptr<Server>, ServerError> Server::open(runtime::Service& service,
                                                                 ServerOptions options) {
  std::optional<Remote> remote;
  if (options.listen) {
    auto opened = open_remote(*options.listen, options.report);
    if (!opened) return std::unexpected(opened.error());
    remote = *std::move(opened);
  }
  const std::string path = options.socket_path;
  auto listener = options.rules.empty() ? listen_in_place(path) : listen_for_all(path);
  if (!listener) return std::unexpected(listener.error());
  try {
    auto impl = std::make_unique<Impl>(service, std::move(options), *std::move(listener), std::move(remote));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::exception& error) {  // no thread, no epoll, no memory
    ::unlink(path.c_str());
    return std::unexpected(
        ServerError{ServerErrc::system, fmt::format("cannot serve {}: {}", path, error.what()), {}});
  }
}

}  // namespace simplevisor::control
