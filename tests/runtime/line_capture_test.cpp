// Output that is captured line by line: whole lines with time and stream, as text or JSON, into files and services.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <regex>

#include "supervisor/runtime/datagram_sinks.hpp"
#include "supervisor/runtime/line_pump.hpp"
#include "supervisor/runtime/logs/log_range.hpp"
#include "tests/eventually.hpp"
#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using simplevisor::test::eventually;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;

constexpr OutputPolicy text{.format = config::LogFormat::text, .separate = true};
constexpr OutputPolicy json{.format = config::LogFormat::json, .separate = true};
const std::string time_pattern = "[0-9-]{10}T[0-9:]{8}[.][0-9]{3}Z";

// A worker with a FIFO for each stream.
class TwoStreams {
 public:
  TwoStreams(const std::string& fifo, const std::string& script) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int out = ::open(fifo.c_str(), O_RDWR);
    const int err = ::open(Capture::error_fifo(fifo).c_str(), O_RDWR);
    if (out < 0 || err < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(126);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    ::_exit(127);
  }
  TwoStreams(const TwoStreams&) = delete;
  TwoStreams& operator=(const TwoStreams&) = delete;
  ~TwoStreams() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_ = -1;
};

class LineCaptureTest : public CaptureTest {
 protected:
  std::string open(const std::string& node, const OutputPolicy& policy = text) {
    auto fifo = capture->open(node, std::nullopt, policy);
    EXPECT_TRUE(fifo) << fifo.error().message;
    return fifo.value_or("");
  }
  // What the worker printed, as `simplevisor logs` has it: "out one", "err! two" for a part.
  std::vector<std::string> lines(const std::string& node) const {
    std::vector<std::string> all;
    for (const auto& line :
         logs::last_of(capture->log_path(node), {.lines = 1'000'000, .bytes_max = 1u << 30}).lines)
      all.push_back(std::string{name_of(line.stream)}.substr(3) + (line.partial ? "! " : " ") + line.text);
    return all;
  }
  // All texts of a node, parts joined, without what we say ourselves.
  std::string text_of(const std::string& node) const {
    std::string all;
    for (const auto& line :
         logs::last_of(capture->log_path(node), {.lines = 10'000'000, .bytes_max = 1u << 30}).lines)
      all += line.text + (line.partial ? "" : "\n");
    return all;
  }
};

TEST_F(LineCaptureTest, EveryLineHasItsTimeAndItsStream) {
  start();
  TwoStreams worker{open("root/a"), "echo one; echo two >&2"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_TRUE(
      std::regex_match(log("root/a"), std::regex{"(" + time_pattern + " std(out F one|err F two)\n){2}"}))
      << log("root/a");
}

TEST_F(LineCaptureTest, ALineIsWholeHoweverItWasWritten) {
  start();
  TwoStreams worker{open("root/a"), "printf o; printf n; printf 'e\\ntw'; printf 'o\\n'"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_THAT(lines("root/a"), ElementsAre("out one", "out two"));
}

TEST_F(LineCaptureTest, TheUnfinishedLineOfAWorkerThatIsGoneIsWritten) {
  start();
  TwoStreams worker{open("root/a"), "printf 'one\\ntwo'"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->stop());
  EXPECT_THAT(lines("root/a"), ElementsAre("out one", "out two"));
}

TEST_F(LineCaptureTest, AnUnfinishedLineIsSeenAfterAWhileAndGoesOn) {
  start();
  const std::string fifo = open("root/a");
  const UniqueFd end{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  ASSERT_EQ(::write(end.get(), "Password: ", 10), 10);
  ASSERT_TRUE(eventually([&] { return lines("root/a") == std::vector<std::string>{"out! Password: "}; }));
  ASSERT_EQ(::write(end.get(), "x\n", 2), 2);
  ASSERT_TRUE(eventually([&] { return lines("root/a").size() == 2; }));
  EXPECT_THAT(lines("root/a"), ElementsAre("out! Password: ", "out x"));
}

TEST_F(LineCaptureTest, AnEndlessLineIsSplitBetweenCharactersAndNobodyWaits) {
  start();
  std::string much;
  for (int n = 0; n < 60'000; ++n) much += "aé€";
  std::ofstream{directory.path("much")} << much;
  TwoStreams worker{open("root/a"), "cat " + directory.path("much")};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(text_of("root/a"), much);
  for (const std::string& line : lines("root/a")) EXPECT_LE(line.size(), line_piece_bytes_max + 8);
}

TEST_F(LineCaptureTest, LargeWritesOfManyLinesComeThroughWhole) {
  start({.max_bytes = 0});
  const std::string numbers = numbers_to(300'000);
  std::ofstream{directory.path("numbers")} << numbers;
  TwoStreams worker{open("root/a"), "dd bs=1M status=none if=" + directory.path("numbers")};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(text_of("root/a"), numbers);
  EXPECT_THAT(lines("root/a"), testing::Not(Contains(StartsWith("out! "))));
}

TEST_F(LineCaptureTest, FilesAreRotatedBetweenLines) {
  start({.max_bytes = 2000, .files = 1000});
  TwoStreams worker{open("root/a"), "seq 1 500"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const auto files = log_files(capture->log_path("root/a"));
  EXPECT_THAT(files, SizeIs(testing::Gt(5u)));
  for (const std::string& file : files) {
    EXPECT_THAT(file, EndsWith("\n"));
    EXPECT_LT(file.size(), 2100u);
  }
  EXPECT_EQ(text_of("root/a"), numbers_to(500));
}

TEST_F(LineCaptureTest, ObjectsAreMergedWithWhereTheyComeFrom) {
  start();
  const std::string fifo = open("root/a", json);
  capture->begin_life("root/a", 7);
  TwoStreams worker{fifo,
                    R"(echo '{"level":"info", "n":[1,{}], "time":"mine"}'; printf 'no "object" \377\n' >&2)"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const std::string all = log("root/a");
  EXPECT_THAT(
      all,
      HasSubstr(
          R"(","stream":"stdout","path":"root/a","life":7,"level":"info","n":[1,{}],"worker_time":"mine"})"));
  EXPECT_THAT(all,
              HasSubstr(R"(","stream":"stderr","path":"root/a","life":7,"message":"no \"object\" \ufffd"})"));
  EXPECT_THAT(all, StartsWith(R"({"time":")"));
}

TEST_F(LineCaptureTest, AFloodIsHeldBackAndCounted) {
  start();
  OutputPolicy policy = text;
  policy.flood.lines = 10;
  const std::string fifo = open("root/a", policy);
  TwoStreams worker{fifo, "seq 1 1000"};
  EXPECT_EQ(worker.wait(), 0);
  ASSERT_TRUE(eventually([&] { return text_of("root/a").contains(" dropped in "); }));
  std::uint64_t printed = 0;
  std::uint64_t dropped = 0;
  for (const std::string& line : lines("root/a")) {
    std::smatch found;
    if (std::regex_search(line, found, std::regex{"^err simplevisor: ([0-9]+) lines"}))
      dropped += std::stoull(found[1].str());
    else
      ++printed;
  }
  EXPECT_EQ(printed + dropped, 1000u);
  EXPECT_GE(dropped, 900u);
  EXPECT_THAT(lines("root/a"), Contains("out 1"));
}

TEST_F(LineCaptureTest, AfterAKillNothingIsMissingAndLittleIsDouble) {
  constexpr int count = 40'000;
  // The FIFOs are there before any supervisor; held by us, as the worker holds them.
  start();
  const std::string fifo = open("root/a");
  EXPECT_TRUE(capture->stop(Capture::Fifos::keep));
  const UniqueFd keeper{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  TwoStreams worker{fifo, "seq 1 " + std::to_string(count)};
  for (int killed = 0; killed < 20; ++killed) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
      auto own = Capture::start(directory.path(), {.max_bytes = 0});
      if (!own || !(*own)->open("root/a", std::nullopt, text) || ::write(ready[1], "r", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::kill(supervisor, SIGKILL);
    ::waitpid(supervisor, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  start({.max_bytes = 0});
  open("root/a");
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  // In order but for what a kill made be written again: at most one look at the FIFO for each.
  int expected = 1;
  int again = 0;
  for (const std::string& line : lines("root/a")) {
    const int number = std::atoi(line.c_str() + 4);
    if (number == expected) {
      ++expected;
    } else {
      ASSERT_LT(number, expected) << line;
      ++again;
      if (number + 1 == expected) continue;
    }
  }
  EXPECT_EQ(expected, count + 1);
  EXPECT_LE(static_cast<std::size_t>(again) * 5, 20 * FifoPeek::bytes_max);
}

TEST_F(LineCaptureTest, AFullDiskHoldsNobodyUpAndTheLossIsTold) {
  std::atomic<int> error{ENOSPC};
  CaptureOptions options{.retry_first = std::chrono::milliseconds{1},
                         .retry_max = std::chrono::milliseconds{10},
                         .relief = std::chrono::milliseconds{1},
                         .report = reports.listener()};
  options.calls.pwrite = [&error, real = options.calls.pwrite](int file, const void* bytes, std::size_t count,
                                                               off_t offset) {
    if (error == 0) return real(file, bytes, count, offset);
    errno = error;
    return ssize_t{-1};
  };
  start({}, std::move(options));
  const std::string fifo = open("root/a");
  TwoStreams worker{fifo, "seq 1 100000"};
  EXPECT_EQ(worker.wait(), 0);
  error = 0;
  EXPECT_TRUE(reports.wait_for(CaptureReport::Kind::recovered));
  TwoStreams later{fifo, "echo later"};
  EXPECT_EQ(later.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_THAT(lines("root/a").front(), MatchesRegex("err simplevisor: [0-9]+ bytes were dropped in .*"));
  EXPECT_EQ(lines("root/a").back(), "out later");
}

TEST_F(LineCaptureTest, AWriteThatFailsHalfWayLeavesWholeLines) {
  std::atomic<int> calls{0};
  CaptureOptions options{.retry_first = std::chrono::milliseconds{1}, .report = reports.listener()};
  options.calls.pwrite = [&calls, real = options.calls.pwrite](int file, const void* bytes, std::size_t count,
                                                               off_t offset) {
    const int call = ++calls;
    if (call == 1) return real(file, bytes, 5, offset);
    if (call == 2) {
      errno = EIO;
      return ssize_t{-1};
    }
    return real(file, bytes, count, offset);
  };
  start({}, std::move(options));
  TwoStreams worker{open("root/a"), "echo one"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(reports.wait_for(CaptureReport::Kind::recovered));
  EXPECT_THAT(lines("root/a"), ElementsAre("out one"));
}

TEST_F(LineCaptureTest, ALineThatAKillBrokeOffIsNotContinued) {
  start();
  std::ofstream{capture->log_path("root/a")} << "2026-01-31T10:00:00.000Z stdout F brok";
  TwoStreams worker{open("root/a"), "echo one"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_THAT(lines("root/a"), ElementsAre("out brok", "out one"));
}

// A service that takes datagrams.
class Receiver {
 public:
  explicit Receiver(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const void* const generic = &address;
    EXPECT_EQ(::bind(fd_.get(), static_cast<const sockaddr*>(generic), sizeof address), 0);
  }
  // The next message; what came as a file is read from it.
  std::string next() const {
    std::string message(1u << 20, '\0');
    iovec part{message.data(), message.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 60'000) != 1) return "nothing came";
    const ssize_t got = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
    message.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (const cmsghdr* const attached = CMSG_FIRSTHDR(&header)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(attached), sizeof fd);
      const UniqueFd file{fd};
      EXPECT_NE(::fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE, 0);
      message.resize(1u << 20);
      message.resize(
          static_cast<std::size_t>(std::max<ssize_t>(::pread(fd, message.data(), message.size(), 0), 0)));
    }
    return message;
  }

 private:
  UniqueFd fd_;
};

TEST_F(LineCaptureTest, TheJournalGetsEachLineWithWhereItComesFrom) {
  CaptureOptions options;
  options.places.journal = directory.path("journal");
  const Receiver journal{options.places.journal};
  start({}, std::move(options));
  TwoStreams worker{open("root/a", {.to = config::LogTarget::journald, .separate = true}), "echo one"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_THAT(journal.next(), AllOf(HasSubstr("MESSAGE=one\n"), HasSubstr("SYSLOG_IDENTIFIER=root/a\n"),
                                    HasSubstr("SIMPLEVISOR_STREAM=stdout\n"), HasSubstr("PRIORITY=6\n")));
  EXPECT_FALSE(std::filesystem::exists(capture->log_path("root/a")));
}

TEST_F(LineCaptureTest, AJournalThatComesLateGetsAllTheSame) {
  CaptureOptions options{.retry_first = std::chrono::milliseconds{1},
                         .retry_max = std::chrono::milliseconds{10},
                         .report = reports.listener()};
  options.places.journal = directory.path("journal");
  const std::string path = options.places.journal;
  start({}, std::move(options));
  TwoStreams worker{open("root/a", {.to = config::LogTarget::journald, .separate = true}),
                    "echo one; echo two"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(reports.wait_for(CaptureReport::Kind::trouble));
  const Receiver journal{path};
  EXPECT_THAT(journal.next(), HasSubstr("MESSAGE=one\n"));
  EXPECT_THAT(journal.next(), HasSubstr("MESSAGE=two\n"));
  EXPECT_TRUE(reports.wait_for(CaptureReport::Kind::recovered));
}

TEST_F(LineCaptureTest, WhatIsTooLargeForADatagramComesAsAFile) {
  const Receiver journal{directory.path("journal")};
  const auto sink = make_journal_sink(directory.path("journal"), 4608);
  const std::string large(30'000, 'x');
  const std::array<WorkerLine, 1> line{WorkerLine{large}};
  const auto written = sink->write(line, {.path = "root/a"});
  EXPECT_EQ(written.error, 0);
  EXPECT_EQ(written.lines, 1u);
  EXPECT_THAT(journal.next(), HasSubstr("MESSAGE=" + large + "\n"));
}

TEST_F(LineCaptureTest, SyslogGetsEachLine) {
  CaptureOptions options;
  options.places.syslog = directory.path("syslog");
  const Receiver syslog{options.places.syslog};
  start({}, std::move(options));
  TwoStreams worker{open("root/a", {.to = config::LogTarget::syslog, .separate = true}), "echo one >&2"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_THAT(syslog.next(), MatchesRegex("<30>[A-Z][a-z]+ [ 0-9]+ [0-9:]+ root/a.stderr.: one"));
}

}  // namespace
}  // namespace simplevisor::runtime::test
