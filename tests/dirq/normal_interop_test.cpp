// tests/dirq/normal_interop_test.cpp
//
// Debian's python3-dirq works on the same normal queue of messages: each operation in both directions, and four writers
// and four readers of both implementations at once.
//
// No purge runs beside python3-dirq: its writers do not survive a directory that disappears, and its own purge takes the
// temporaries of others. Beside our own writers and readers a purge does run.
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <map>

#include "tests/dirq/normal_support.hpp"
#include "tests/dirq/peer.hpp"

namespace simplevisor::dirq {
namespace {

using testing::IsEmpty;
using testing_support::InteropTest;
using testing_support::message;
using testing_support::message_schema;
using testing_support::Process;
using testing_support::text_of;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

class NormalInteropTest : public InteropTest {
 protected:
  NormalInteropTest() : InteropTest("normal") {
    // python3-dirq tells a lock by the link count of a directory, which not every filesystem keeps. In memory it does,
    // and many elements take a moment only.
    std::string pattern = "/dev/shm/dirq-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) return;
    memory_ = pattern;
    path = memory_ / "queue";
  }
  ~NormalInteropTest() override { fs::remove_all(memory_); }

  [[nodiscard]] NormalQueue open_normal(std::size_t elements_max = 16'000) const {
    return NormalQueue::open(path.string(), {.schema = message_schema(), .elements_max = elements_max})
        .value();
  }

  [[nodiscard]] std::function<void()> our_writer(int count, const std::string& prefix,
                                                 std::size_t elements_max) const {
    return [this, count, prefix, elements_max] {
      NormalQueue queue = open_normal(elements_max);
      for (int i = 0; i < count; ++i) {
        if (!queue.add(message(prefix + "-" + std::to_string(i)))) ::_exit(1);
      }
    };
  }

  // Takes until its input is closed and the queue is empty; purges now and then when it is told to.
  [[nodiscard]] std::function<void()> our_reader(bool purging) const {
    return [this, purging] {
      NormalQueue queue = open_normal();
      std::string taken;
      for (bool stopping = false;;) {
        auto lock = queue.take();
        if (!lock) ::_exit(2);
        if (*lock) {
          const auto element = (*lock)->get();
          if (!element || !(*lock)->remove()) ::_exit(3);
          taken += text_of(*element) + "\n";
          continue;
        }
        if (purging && !queue.purge()) ::_exit(4);
        // Nothing there. Once the writers are known to be done, a further empty pass is the end.
        if (stopping) break;
        pollfd input{STDIN_FILENO, POLLIN, 0};
        stopping = ::poll(&input, 1, 5) == 1;
      }
      for (std::string_view left = taken; !left.empty();) {
        const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
        if (written <= 0) ::_exit(5);
        left.remove_prefix(static_cast<std::size_t>(written));
      }
    };
  }

  // Lets them all run to their ends, and expects `total` texts, each once, and nothing left in the queue.
  void expect_each_once(std::vector<Process> writers, std::vector<Process> readers, std::size_t total) const {
    for (Process& writer : writers) writer.finish();
    for (Process& reader : readers) reader.close_input();
    std::map<std::string, int> seen;
    for (Process& reader : readers) {
      std::istringstream lines(reader.finish());
      for (std::string line; std::getline(lines, line);) ++seen[line];
    }
    EXPECT_EQ(seen.size(), total);
    for (const auto& [text, times] : seen) EXPECT_EQ(times, 1) << text;
    EXPECT_THAT(files(), IsEmpty());
    EXPECT_EQ(open_normal().count().value(), 0U);
    EXPECT_EQ(open_normal().stat().value().temporary, 0U);
  }

 private:
  fs::path memory_;
};

TEST_F(NormalInteropTest, WhatWeAddThePeerCountsListsLocksReadsAndRemoves) {
  NormalQueue queue = open_normal();
  const std::string name = queue.add(message("from us")).value().str();
  EXPECT_EQ(ask({"count"}), "1");
  EXPECT_EQ(ask({"list"}), name);
  EXPECT_EQ(ask({"lock", name}), "1");
  EXPECT_EQ(ask({"get", name}), "from us");
  tell({"touch", name});
  tell({"remove", name});
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(queue.count().value(), 0U);
}

TEST_F(NormalInteropTest, WhatThePeerAddsWeCountListLockReadAndRemove) {
  NormalQueue queue = open_normal();
  const auto name = ElementName::parse(ask({"add", "from the peer"}));
  ASSERT_TRUE(name);
  EXPECT_EQ(queue.count().value(), 1U);
  EXPECT_EQ(queue.first().value(), name);
  NormalLock lock = queue.lock(*name).value();
  EXPECT_EQ(text_of(lock.get().value()), "from the peer");
  EXPECT_TRUE(lock.touch());
  EXPECT_TRUE(lock.remove());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(NormalInteropTest, AQueueThatThePeerMadeIsOneOfOurs) {
  const std::string name = ask({"add", "first"});
  NormalQueue queue = open_normal();
  EXPECT_EQ(text_of(queue.take().value()->get().value()), "first");
  EXPECT_EQ(queue.add(message("second")).value().directory, ElementName::parse(name)->directory);
}

TEST_F(NormalInteropTest, OurLocksKeepThePeerOutAndItsLocksUs) {
  NormalQueue queue = open_normal();
  const ElementName name = queue.add(message("x")).value();
  {
    const NormalLock lock = queue.lock(name).value();
    EXPECT_EQ(ask({"lock", name.str()}), "0");
  }
  EXPECT_EQ(ask({"lock", name.str()}), "1");
  EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  EXPECT_TRUE(queue.list().value()[0].locked);
  tell({"unlock", name.str()});
  EXPECT_TRUE(queue.lock(name));
}

TEST_F(NormalInteropTest, EachPurgesWhatTheOtherLeft) {
  NormalQueue queue = open_normal();
  const ElementName ours = queue.add(message("1")).value();
  const ElementName theirs = queue.add(message("2")).value();
  queue.lock(ours).value().release();
  EXPECT_EQ(ask({"lock", theirs.str()}), "1");
  for (const char* name : {"temporary/00000000000001", "obsolete/00000000000002"}) {
    fs::create_directories(path / name);
    write(path / name / "text", "half");
    age(path / name, 1000s);
  }
  for (const ElementName& name : {ours, theirs}) age(path / name.str(), 1000s);
  tell({"purge", "300", "600"});
  EXPECT_EQ(queue.stat().value().ready, 2U);
  EXPECT_EQ(queue.stat().value().temporary, 0U);
  EXPECT_EQ(ask({"lock", theirs.str()}), "1");
  age(path / theirs.str(), 1000s);
  EXPECT_EQ(queue.purge().value().locks, 1U);
}

TEST_F(NormalInteropTest, ALockThatWeRenewIsNotBrokenByThePeer) {
  NormalQueue queue = open_normal();
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  age(path / lock.name().str(), 1000s);
  ASSERT_TRUE(lock.touch());
  tell({"purge", "300", "600"});
  EXPECT_TRUE(lock.remove());
}

TEST_F(NormalInteropTest, ThePeerDoesNotListTheQuarantine) {
  NormalQueue queue = open_normal();
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  ASSERT_TRUE(queue.quarantine(lock, "why"));
  EXPECT_EQ(ask({"list"}), "");
  tell({"purge", "1", "1"});
  EXPECT_TRUE(fs::exists(path / "corrupt"));
}

TEST_F(NormalInteropTest, FourWritersAndFourReadersOfBothDeliverEverythingExactlyOnce) {
  constexpr int per_writer = 400;
  {
    const NormalQueue made = open_normal();
  }
  std::vector<Process> readers;
  std::vector<Process> writers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back(peer({"read"}));
    readers.emplace_back(our_reader(false));
    const std::string number = std::to_string(i);
    writers.emplace_back(peer({"write", std::to_string(per_writer), "theirs" + number}));
    writers.emplace_back(our_writer(per_writer, "ours" + number, 100));
  }
  expect_each_once(std::move(writers), std::move(readers), 4 * per_writer);
}

TEST_F(NormalInteropTest, AmongOursPurgesMayRunAllTheTime) {
  constexpr int per_writer = 1'000;
  {
    const NormalQueue made = open_normal();
  }
  std::vector<Process> readers;
  std::vector<Process> writers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back(our_reader(true));
    writers.emplace_back(our_writer(per_writer, std::to_string(i), 10));
  }
  expect_each_once(std::move(writers), std::move(readers), 2 * per_writer);
}

}  // namespace
}  // namespace simplevisor::dirq
