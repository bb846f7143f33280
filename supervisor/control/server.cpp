#include "supervisor/control/server.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "supervisor/control/session.hpp"
#include "supervisor/control/unix_socket.hpp"
#include "supervisor/runtime/journal/recorder.hpp"

namespace simplevisor::control {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int backlog = 128;
constexpr int accepts_per_turn = 16;
constexpr std::chrono::milliseconds pause_without_descriptors{500};

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

std::unexpected<ServerError> cannot_listen(const std::string& path, std::error_code cause) {
  return std::unexpected(
      ServerError{ServerErrc::system, fmt::format("cannot listen on {}: {}", path, cause.message()), cause});
}

// Listens, in the place of a socket file that a supervisor which was killed left behind. Two that do this at
// the same time are kept apart by the lock on the state directory.
std::expected<Fd, ServerError> listen_in_place(const std::string& path) {
  auto fd = listen_on(path, backlog);
  if (fd) return *std::move(fd);
  if (fd.error() != std::errc::address_in_use) return cannot_listen(path, fd.error());
  struct stat file{};
  if (::lstat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode)) {
    return std::unexpected(ServerError{
        ServerErrc::bad_path, fmt::format("cannot listen on {}: the file is there and is not a socket", path),
        fd.error()});
  }
  const auto other = connect_to(path, std::chrono::milliseconds(1000));
  if (other || other.error() != std::errc::connection_refused) {
    return std::unexpected(ServerError{
        ServerErrc::in_use, fmt::format("cannot listen on {}: another process does", path), fd.error()});
  }
  if (::unlink(path.c_str()) != 0) return cannot_listen(path, {errno, std::generic_category()});
  fd = listen_on(path, backlog);
  if (!fd) return cannot_listen(path, fd.error());
  return *std::move(fd);
}

}  // namespace

bool may_command(uid_t peer, uid_t own) {
  return peer == 0 || peer == own;
}

class Server::Impl final : public Session::Host {
 public:
  Impl(runtime::Service& service, std::string path, Fd listener, const Limits& limits)
      : service_(service),
        supervision_(service.executor()),
        metrics_(service),
        path_(std::move(path)),
        limits_(limits),
        return_path_(std::make_shared<ReturnPath>(io_)),
        listener_(io_, listener.release()),
        accept_pause_(io_),
        farewell_(io_),
        work_(io_.get_executor()) {
    struct stat file{};
    if (::lstat(path_.c_str(), &file) == 0) file_ = {file.st_dev, file.st_ino};
    accept();
    if (runtime::journal::Recorder* const recorder = service_.journal()) {
      // May be called once more while we end: what it uses itself outlives us, `this` is used on io_ only.
      news_ = recorder->when_news([this, followers = followers_, way = return_path_] {
        if (followers->count == 0 || followers->told.exchange(true)) return;
        way->post([this] { tell_followers(); });
      });
    }
    start_thread();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() override {
    news_.reset();
    // Answers that the service gave before now are in the queue ahead of this.
    asio::post(io_, [this] { say_farewell(); });
    thread_.join();
    return_path_->close();
  }

  const Limits& limits() const override { return limits_; }

  void ask(Call call, std::function<void(Reply)> deliver) override {
    call.asked = std::chrono::steady_clock::now();
    if (calls_ >= limits_.calls_max) {
      asio::post(io_, [deliver = std::move(deliver)] {
        deliver(refusal(503, "busy", "too many requests are waiting for the supervisor"));
      });
      return;
    }
    ++calls_;
    auto answer = [this, call, deliver = std::move(deliver)](const Finding& finding) {
      --calls_;
      deliver(render(call, finding, service_, &metrics_));
    };
    // `answer` holds `this`, but runs on io_ only, which `this` owns.
    asio::post(supervision_, [&service = service_, call, way = return_path_, answer = std::move(answer)] {
      if (!way->is_open()) return;
      carry_out(service, call, [way, answer](Finding finding) {
        way->post([answer, finding = std::move(finding)] { answer(finding); });
      });
    });
  }

  const runtime::journal::Recorder* journal() const override { return service_.journal(); }

  void follows(const Session& session) override {
    following_.insert(&session);
    followers_->count = following_.size();
  }

  void ended(const Session& session) override {
    if (following_.erase(&session) > 0) followers_->count = following_.size();
    sessions_.erase(&session);
    if (closing_ && sessions_.empty()) farewell_.cancel();
  }

 private:
  void start_thread() {
    // The supervisor takes its signals through a descriptor, so no thread may have them open.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      thread_ = std::thread([this] { run(); });
    } catch (...) {
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(thread_.native_handle(), "control");
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

  void accept() {
    listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error || closing_) return;
      for (int i = 0; i < accepts_per_turn; ++i) {
        Fd fd(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd && errno == EAGAIN) break;
        if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
          return pause();
        if (fd) admit(std::move(fd));
      }
      accept();
    });
  }

  // The connection that could not be taken stays in the backlog and would wake us again at once.
  void pause() {
    accept_pause_.expires_after(pause_without_descriptors);
    accept_pause_.async_wait([this](error_code error) {
      if (!error && !closing_) accept();
    });
  }

  void admit(Fd fd) {
    const auto peer = peer_of(fd.get());
    if (!peer || !may_command(peer->uid, ::geteuid())) {
      return turn_away(
          fd, refusal(403, "not_permitted", "only root and the supervisor's own user may command it"));
    }
    if (sessions_.size() >= limits_.connections_max) {
      return turn_away(
          fd, refusal(503, "busy", fmt::format("{} connections are open already", sessions_.size())));
    }
    Session::Socket socket(io_, asio::local::stream_protocol{}, fd.release());
    const auto session =
        Session::create(std::move(socket), fmt::format("uid {}, pid {}", peer->uid, peer->pid), *this);
    sessions_.emplace(session.get(), session);
    session->begin();
  }

  // Costs a client that may not come in no place, and us no wait: what does not fit the socket is dropped.
  static void turn_away(const Fd& fd, const Reply& reply) {
    const std::string bytes = response_bytes(reply, false);
    [[maybe_unused]] const auto sent =
        ::send(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  void say_farewell() {
    closing_ = true;
    error_code ignored;
    // The file goes first, so that nobody connects to a socket that is about to close.
    struct stat file{};
    if (::lstat(path_.c_str(), &file) == 0 && file_ == std::pair(file.st_dev, file.st_ino))
      ::unlink(path_.c_str());
    listener_.close(ignored);
    accept_pause_.cancel();
    farewell_.expires_after(limits_.farewell);
    farewell_.async_wait([this](error_code) { for_each_session([](Session& session) { session.close(); }); });
    for_each_session([](Session& session) { session.farewell(); });
    if (sessions_.empty()) farewell_.cancel();
    work_.reset();
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
  std::string path_;
  std::pair<dev_t, ino_t> file_{};
  Limits limits_;
  std::size_t calls_ = 0;
  bool closing_ = false;
  asio::io_context io_{1};
  std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;
  std::unordered_set<const Session*> following_;
  std::shared_ptr<Followers> followers_ = std::make_shared<Followers>();
  runtime::journal::Recorder::Token news_;
  std::shared_ptr<ReturnPath> return_path_;
  asio::posix::stream_descriptor listener_;
  asio::steady_timer accept_pause_;
  asio::steady_timer farewell_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::expected<std::unique_ptr<Server>, ServerError> Server::open(runtime::Service& service,
                                                                 const std::string& socket_path,
                                                                 const Limits& limits) {
  auto listener = listen_in_place(socket_path);
  if (!listener) return std::unexpected(listener.error());
  try {
    auto impl = std::make_unique<Impl>(service, socket_path, *std::move(listener), limits);
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::exception& error) {  // no thread, no epoll, no memory
    ::unlink(socket_path.c_str());
    return std::unexpected(
        ServerError{ServerErrc::system, fmt::format("cannot serve {}: {}", socket_path, error.what()), {}});
  }
}

}  // namespace simplevisor::control
