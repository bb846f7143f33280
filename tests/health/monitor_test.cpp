#include "supervisor/health/monitor.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <csignal>

#include "supervisor/health/notify_socket.hpp"
#include "supervisor/process/launcher.hpp"
#include "supervisor/process/own_process.hpp"
#include "tests/process/support.hpp"

namespace simplevisor::health {
namespace {

using namespace std::chrono_literals;
using process::Directory;
using process::Pipe;
using process::Recorder;
using testing::ElementsAre;
using testing::HasSubstr;
using Ready = MonitorSpec::Ready;

void send(const std::string& path, const std::string& text, int descriptor = -1) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  std::string copy = text;
  iovec part{.iov_base = copy.data(), .iov_len = copy.size()};
  msghdr header{};
  header.msg_name = &address;
  header.msg_namelen = sizeof address;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (descriptor >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  EXPECT_EQ(::sendmsg(fd, &header, 0), static_cast<ssize_t>(text.size()));
  ::close(fd);
}

class NotifySocketTest : public testing::Test {
 protected:
  NotifySocketTest() { Recorder::reset(); }
  Directory directory_;
  const std::string path_ = directory_ / "notify";
};

TEST_F(NotifySocketTest, IsForItsOwnerOnlyAndLeavesNothingBehind) {
  {
    auto socket = NotifySocket::open(path_);
    ASSERT_TRUE(socket) << socket.error().message;
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(NotifySocketTest, BelongsToTheWorkersUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  auto socket = NotifySocket::open(path_, 65534);
  ASSERT_TRUE(socket);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 65534U);
}

TEST_F(NotifySocketTest, OfAnEarlierLifeDoesNotTakeThePathOfALaterOne) {
  auto earlier = NotifySocket::open(path_);
  auto later = NotifySocket::open(path_);
  ASSERT_TRUE(earlier && later);
  {
    const NotifySocket gone = std::move(*earlier);
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(NotifySocketTest, ReceivesFromTheWorkerAndClosesWhatCameAlong) {
  auto socket = NotifySocket::open(path_);
  Pipe barrier;
  send(path_, "READY=1");
  send(path_, "BARRIER=1", barrier.write_end);
  barrier.close_write_end();  // the copy in the message keeps it open
  EXPECT_TRUE(socket->receive(::getpid()).message.ready);
  EXPECT_TRUE(socket->receive(::getpid()).message.barrier);
  EXPECT_EQ(barrier.read_all(), "");  // ends because the copy is closed
  EXPECT_EQ(socket->receive(::getpid()).kind, NotifySocket::Received::Kind::nothing_left);
}

TEST_F(NotifySocketTest, DropsMessagesOfStrangersAndCountsThem) {
  auto socket = NotifySocket::open(path_);
  const pid_t worker = ::fork();  // we are its parent, not its descendant
  if (worker == 0) {
    ::setsid();
    ::pause();
    ::_exit(0);
  }
  send(path_, "READY=1");
  EXPECT_EQ(socket->receive(worker).kind, NotifySocket::Received::Kind::dropped);
  EXPECT_EQ(socket->dropped(), 1U);
  ::kill(worker, SIGKILL);
  process::wait_for(worker);
}

TEST_F(NotifySocketTest, DropsWhatIsTooLong) {
  auto socket = NotifySocket::open(path_);
  send(path_, "READY=1\nSTATUS=" + std::string(NotifySocket::datagram_bytes_max, 's'));
  EXPECT_EQ(socket->receive(::getpid()).kind, NotifySocket::Received::Kind::dropped);
  send(path_, std::string(NotifySocket::datagram_bytes_max, 's'));
  EXPECT_EQ(socket->receive(::getpid()).kind, NotifySocket::Received::Kind::message);
}

TEST_F(NotifySocketTest, KnowsDescendantsThatLeftTheSession) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    ::pause();
    ::_exit(0);
  }
  EXPECT_TRUE(belongs_to(child, ::getpid()));
  EXPECT_FALSE(belongs_to(::getpid(), child));
  EXPECT_FALSE(belongs_to(1, ::getpid()));
  EXPECT_FALSE(belongs_to(0, ::getpid()));
  ::kill(child, SIGKILL);
  process::wait_for(child);
}

TEST_F(NotifySocketTest, SaysWhyItCannotBeOpened) {
  EXPECT_THAT(NotifySocket::open("/nowhere/notify").error().message,
              HasSubstr("cannot bind the notification socket /nowhere/notify: No such file"));
  EXPECT_THAT(NotifySocket::open(std::string(200, 'x')).error().message, HasSubstr("200 bytes, at most 107"));
  for (const long call : {SYS_socket, SYS_setsockopt, SYS_fchmod, SYS_bind}) {
    Recorder::reset();
    Recorder::fail(call, ENOMEM);
    EXPECT_EQ(NotifySocket::open(path_, {}, Recorder::table()).error().cause.value(), ENOMEM);
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
}

class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    Recorder::reset();
    process::reset_inherited_signals();
    now_ = core::Clock::now();
  }

  void open(const MonitorSpec& spec) {
    auto note = [this](const char* what) { return [this, what] { seen_.emplace_back(what); }; };
    auto opened = Monitor::open(
        io_, spec, path_, {},
        {.on_ready = note("ready"),
         .on_not_ready = note("not ready"),
         .on_start_timeout = note("start timeout"),
         .on_watchdog_expired = note("hung"),
         .on_status = [this](const std::string& text) { seen_.push_back("status " + text); },
         .on_stopping = note("stopping"),
         .on_stop_extension =
             [this](auto time) { seen_.push_back("extension " + std::to_string(time.count())); }},
        [] { return now_; });
    ASSERT_TRUE(opened) << opened.error().message;
    monitor_ = std::move(*opened);
  }

  void run_until_seen(std::size_t count) {
    while (seen_.size() < count) {
      ASSERT_EQ(io_.run_one_for(20s), 1U) << "nothing happens any more";
    }
  }

  static inline TimePoint now_;
  Directory directory_;
  const std::string path_ = directory_ / "notify";
  boost::asio::io_context io_{1};
  std::vector<std::string> seen_;
  std::unique_ptr<Monitor> monitor_;
};

TEST_F(MonitorTest, TellsWhatTheWorkerSays) {
  open({.ready = Ready::notify, .start_timeout = 1h});
  monitor_->started(::getpid());
  send(path_, "STATUS=warming up");
  send(path_, "READY=1\nSTATUS=serving");
  send(path_, "STOPPING=1");
  send(path_, "EXTEND_TIMEOUT_USEC=7000000");
  run_until_seen(5);
  EXPECT_THAT(seen_,
              ElementsAre("status warming up", "status serving", "ready", "stopping", "extension 7000000"));
}

TEST_F(MonitorTest, TellsThatTheStartTookTooLong) {
  open({.ready = Ready::notify, .start_timeout = 1h});
  monitor_->started(::getpid());
  monitor_->expire(now_ + 59min);
  EXPECT_TRUE(seen_.empty());
  monitor_->expire(now_ + 1h);
  EXPECT_THAT(seen_, ElementsAre("start timeout"));
}

TEST_F(MonitorTest, TellsThatTheWorkerHangs) {
  open({.ready = Ready::exec, .watchdog = 1h});
  monitor_->started(::getpid());
  run_until_seen(1);
  now_ += 30min;
  send(path_, "WATCHDOG=1\nSTATUS=alive");
  run_until_seen(2);
  monitor_->expire(now_ + 59min);
  monitor_->expire(now_ + 60min);
  EXPECT_THAT(seen_, ElementsAre("ready", "status alive", "hung"));
}

TEST_F(MonitorTest, FiresItsTimerByItself) {
  open({.ready = Ready::after, .after = 0ms});
  monitor_->started(::getpid());
  EXPECT_TRUE(seen_.empty()) << "callbacks come from the loop";
  run_until_seen(1);
  EXPECT_THAT(seen_, ElementsAre("ready"));
}

TEST_F(MonitorTest, ListensOnTheReadinessDescriptorUntilTheWorkerClosesIt) {
  open({.ready = Ready::fd, .fd = 5});
  const auto handover = monitor_->handover();
  ASSERT_TRUE(handover);
  EXPECT_EQ(handover->to, 5);
  const int workers_end = ::fcntl(handover->from, F_DUPFD_CLOEXEC, 3);
  EXPECT_EQ(::fcntl(workers_end, F_GETFL) & O_NONBLOCK, 0);
  monitor_->started(::getpid());
  EXPECT_FALSE(monitor_->handover());
  ASSERT_EQ(::write(workers_end, "almost", 6), 6);
  ASSERT_EQ(::write(workers_end, "there\n", 6), 6);
  run_until_seen(1);
  EXPECT_THAT(seen_, ElementsAre("ready"));
  EXPECT_EQ(::write(workers_end, "chatter", 7), 7) << "no SIGPIPE afterwards";
  ::close(workers_end);
  io_.run();  // returns when nothing is listened to any more
  EXPECT_THAT(seen_, ElementsAre("ready"));
}

TEST_F(MonitorTest, TellsThatTheReadinessDescriptorWasClosedTooEarly) {
  open({.ready = Ready::fd});
  monitor_->started(::getpid());  // nobody else holds the other end
  run_until_seen(1);
  EXPECT_THAT(seen_, ElementsAre("not ready"));
}

TEST_F(MonitorTest, MayBeDestroyedByItsCallback) {
  auto opened = Monitor::open(io_, {.ready = Ready::notify}, path_, {},
                              {.on_ready = [this] { monitor_.reset(); },
                               .on_status = [this](const std::string&) { seen_.emplace_back("status"); }});
  ASSERT_TRUE(opened);
  monitor_ = std::move(*opened);
  monitor_->started(::getpid());
  send(path_, "READY=1");
  send(path_, "STATUS=too late");
  io_.run();
  EXPECT_FALSE(monitor_);
  EXPECT_TRUE(seen_.empty());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(MonitorTest, NamesWhatTheWorkersEnvironmentNeeds) {
  using Variables = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(Monitor::environment({.ready = Ready::notify, .watchdog = 1500ms}, "/run/n"),
            (Variables{{"NOTIFY_SOCKET", "/run/n"}, {"WATCHDOG_USEC", "1500000"}}));
  EXPECT_TRUE(Monitor::environment({.ready = Ready::fd}, "/run/n").empty());
}

TEST_F(MonitorTest, SaysWhyItCannotBeOpened) {
  for (const auto& [call, error] : {std::pair{SYS_pipe2, EMFILE}, std::pair{SYS_fcntl, EINVAL}}) {
    Recorder::reset();
    Recorder::fail(call, error);
    auto opened =
        Monitor::open(io_, {.ready = Ready::fd}, path_, {}, {}, &core::Clock::now, Recorder::table());
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("the readiness pipe"));
  }
}

// Peers as they are found in the wild, each a worker of its own.
class MonitorPeerTest : public MonitorTest {
 protected:
  void start(std::vector<const char*> argv) {
    open({.ready = Ready::notify, .start_timeout = 1min});
    const std::string socket = "NOTIFY_SOCKET=" + path_;
    const char* envp[] = {"PATH=/usr/bin:/bin", socket.c_str(), nullptr};
    argv.push_back(nullptr);
    process::LaunchPlan plan{.executable = argv[0], .argv = argv.data(), .envp = envp};
    const auto pid = process::Launcher{}.launch(plan);
    ASSERT_TRUE(pid) << pid.error().describe();
    worker_ = *pid;
    monitor_->started(worker_);
  }
  pid_t worker_ = 0;
};

TEST_F(MonitorPeerTest, UnderstandsSystemdNotifyWithItsBarrier) {
  ASSERT_TRUE(std::filesystem::exists("/usr/bin/systemd-notify")) << "scripts/install-deps test brings it";
  // Fails after a while unless the barrier is answered.
  start({"/bin/sh", "-c", "systemd-notify --ready --status='from the shell' || exit 1; exit 0"});
  run_until_seen(2);
  EXPECT_THAT(seen_, ElementsAre("status from the shell", "ready"));
  // The barrier is a message of its own, which the loop must take before the worker can end.
  int code = -1;
  while (code < 0) {
    io_.run_one_for(10ms);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(worker_), &info, WEXITED | WNOHANG), 0);
    if (info.si_pid == worker_) code = info.si_status;
  }
  EXPECT_EQ(code, 0);
}

TEST_F(MonitorPeerTest, UnderstandsPython) {
  ASSERT_TRUE(std::filesystem::exists("/usr/bin/python3")) << "scripts/install-deps test brings it";
  start({"/usr/bin/python3", "-c",
         "import os, socket\n"
         "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
         "s.connect(os.environ['NOTIFY_SOCKET'])\n"
         "s.sendall(b'READY=1\\nSTATUS=from Python')"});
  run_until_seen(2);
  EXPECT_THAT(seen_, ElementsAre("status from Python", "ready"));
  EXPECT_EQ(process::wait_for(worker_), 0);
}

}  // namespace
}  // namespace simplevisor::health
