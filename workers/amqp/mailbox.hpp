// workers/amqp/mailbox.hpp
//
// What lies between a client's executor and its connection's thread: commands one way, events the other.
//
// Order      commands in theirs; events too, but for deliveries, which wait while the client is paused.
// Bounds     deliveries that nobody took yet count in has_room(), and its reader stops reading.
// Wake-up    an eventfd, written when the first command of a batch comes, when there is room again, or the client is
//            gone; one handler is posted for a batch of events.
// Threads    each function belongs to the side it stands under.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "workers/broker/client.hpp"

namespace simplevisor::amqp {

inline constexpr std::size_t undelivered_bytes_max = std::size_t{8} << 20;

struct Publish {
  broker::Ticket ticket = 0;
  message::Message message;
};
struct Acknowledge {
  broker::Tag tag = 0;
};
struct GiveBack {
  broker::Tag tag = 0;
};
struct Disconnect {};
using Command = std::variant<Publish, Acknowledge, GiveBack, Disconnect>;

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(boost::asio::any_io_executor executor, broker::Client::Tell tell);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  // --- the executor's side
  void command(Command command);
  void pause() { paused_ = true; }
  void resume();
  // Before the connection is open, Disconnect ends whatever its opening waits for.
  void abandon();  // nothing will be told any more, and the thread shall end at once

  // --- the thread's side
  [[nodiscard]] std::vector<Command> take_commands();
  void tell(std::vector<broker::Event>& events);  // takes all of them
  [[nodiscard]] bool has_room();                  // false: wake_fd() will say when
  [[nodiscard]] int wake_fd() const noexcept { return wake_fd_; }
  void clear_wake();
  [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }
  // The connection is open: from now on Disconnect lets it say goodbye. False: it came before.
  [[nodiscard]] bool opened();
  // A socket that is shut down when the client is abandoned, by a descriptor of our own: the library closes its own without
  // telling, and the number may be another's then. Without a descriptor to spare it is not watched.
  void watch_socket(int fd);
  void forget_socket();

 private:
  void wake() const;
  void post_drain();
  void drain();

  boost::asio::any_io_executor
      executor_;  // tracks outstanding work until the end, so that run() does not return
  std::shared_ptr<broker::Client::Tell> tell_;
  bool paused_ = false;
  std::deque<broker::Event> pending_;  // deliveries on the executor's side

  int wake_fd_ = -1;
  std::atomic<bool> abandoned_ = false;
  std::atomic<std::size_t> undelivered_bytes_ = 0;
  std::atomic<bool> stalled_ = false;

  std::mutex mutex_;  // for what follows
  std::vector<Command> commands_;
  std::vector<broker::Event> events_;
  bool posted_ = false;
  int socket_ = -1;
  bool opening_ = true;
  bool leaving_ = false;  // Disconnect was said
};

}  // namespace simplevisor::amqp
