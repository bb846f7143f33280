// tests/dirq/interop_test.cpp
//
// Debian's python3-dirq works on the same queue: each operation in both directions, and four writers and four readers
// of both implementations at once.
//
// No purge runs beside python3-dirq: its listing does not survive a directory that disappears.
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <map>

#include "tests/dirq/peer.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/dirq/taker.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::InteropTest;
using testing_support::Process;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

TEST_F(InteropTest, WhatWeAddThePeerCountsListsLocksReadsAndRemoves) {
  Queue queue = open();
  const std::string name = queue.add("from us").value().str();
  EXPECT_EQ(ask({"count"}), "1");
  EXPECT_EQ(ask({"list"}), name);
  EXPECT_EQ(ask({"lock", name}), "1");
  EXPECT_EQ(ask({"get", name}), "from us");
  EXPECT_EQ(ask({"size", name}), "7");
  EXPECT_EQ(ask({"touch", name}), "");
  EXPECT_EQ(ask({"remove", name}), "");
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(InteropTest, WhatThePeerAddsWeCountListLockReadAndRemove) {
  Queue queue = open();
  const auto name = ElementName::parse(ask({"add", "from the peer"}));
  ASSERT_TRUE(name);
  EXPECT_EQ(queue.count().value(), 1U);
  EXPECT_EQ(queue.first().value(), name);
  EXPECT_EQ(queue.size(*name).value(), 13U);
  Lock lock = queue.lock(*name).value();
  EXPECT_EQ(lock.get().value(), "from the peer");
  EXPECT_TRUE(lock.touch());
  EXPECT_TRUE(lock.remove());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(InteropTest, FilesAreTakenOverInBothDirections) {
  Queue queue = open();
  write(root / "ours", "ours");
  write(root / "theirs", "theirs");
  const std::string ours = queue.add_path((root / "ours").string()).value().str();
  EXPECT_EQ(ask({"lock", ours}), "1");
  EXPECT_EQ(ask({"get", ours}), "ours");
  tell({"remove", ours});
  const auto theirs = ElementName::parse(ask({"add_path", (root / "theirs").string()}));
  ASSERT_TRUE(theirs);
  EXPECT_EQ(queue.lock(*theirs).value().get().value(), "theirs");
}

TEST_F(InteropTest, OurLocksKeepThePeerOutAndItsLocksUs) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  {
    const Lock lock = queue.lock(name).value();
    EXPECT_EQ(ask({"lock", name.str()}), "0");
  }
  EXPECT_EQ(ask({"lock", name.str()}), "1");
  EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  tell({"unlock", name.str()});
  EXPECT_TRUE(queue.lock(name));
}

TEST_F(InteropTest, EachPurgesWhatTheOtherLeft) {
  Queue queue = open();
  const ElementName ours = queue.add("1").value();
  const ElementName theirs = queue.add("2").value();
  queue.lock(ours).value().release();
  EXPECT_EQ(ask({"lock", theirs.str()}), "1");
  for (const ElementName& name : {ours, theirs}) age(file(name), 1000s);
  write(file(ours, ".tmp"), "half");
  age(file(ours, ".tmp"), 1000s);
  EXPECT_EQ(ask({"purge", "300", "600"}), "");
  EXPECT_THAT(files(), ElementsAre(ours.str(), theirs.str()));
  EXPECT_EQ(ask({"lock", theirs.str()}), "1");
  age(file(theirs), 1000s);
  EXPECT_EQ(queue.purge({.young_lock = 0s}).value().locks, 1U);
}

TEST_F(InteropTest, ThePeerSeesNeitherThePoolNorTheQuarantine) {
  Queue queue = open({.recycle = 4});
  ASSERT_TRUE(queue.lock(queue.add("1").value()).value().remove());
  Lock lock = queue.lock(queue.add("2").value()).value();
  ASSERT_TRUE(queue.quarantine(lock, "why"));
  ASSERT_TRUE(queue.lock(queue.add("3").value()).value().remove());
  ASSERT_EQ(queue.stat().value().spares, 1U);
  EXPECT_EQ(ask({"count"}), "0");
  EXPECT_EQ(ask({"list"}), "");
  EXPECT_EQ(ask({"purge", "1", "1"}), "");
  EXPECT_EQ(queue.stat().value().spares, 1U);
}

struct Load {
  int per_writer;
  std::size_t recycle;
  const char* base;  // "": where the other tests are
};

void PrintTo(const Load& load, std::ostream* out) {
  *out << 4 * load.per_writer << " elements, recycle " << load.recycle;
}

class InteropLoadTest : public InteropTest, public testing::WithParamInterface<Load> {
 protected:
  InteropLoadTest() {
    std::string pattern = std::string(GetParam().base) + "/dirq-XXXXXX";
    // In memory, where there is such a place, many elements take a moment only.
    if (*GetParam().base != '\0' && ::mkdtemp(pattern.data()) != nullptr) {
      memory = pattern;
      path = memory / "queue";
    }
  }
  ~InteropLoadTest() override { fs::remove_all(memory); }
  fs::path memory;
};

TEST_P(InteropLoadTest, FourWritersAndFourReadersOfBothDeliverEverythingExactlyOnce) {
  const int per_writer = GetParam().per_writer;
  const Options options{.recycle = GetParam().recycle};
  {
    const Queue made = open(options);
  }
  const auto our_writer = [&](int index) {
    Queue queue = open(options);
    for (int i = 0; i < per_writer; ++i) {
      if (!queue.add("ours" + std::to_string(index) + "-" + std::to_string(i))) ::_exit(1);
    }
  };
  const auto our_reader = [&] {
    Queue queue = open(options);
    Taker taker(queue);
    std::string taken;
    for (bool stopping = false;;) {
      auto lock = taker.next();
      if (!lock) ::_exit(2);
      if (*lock) {
        auto text = (*lock)->get();
        if (!text || !(*lock)->remove()) ::_exit(3);
        taken += *text + "\n";
        continue;
      }
      // Nothing there. Once the writers are known to be done, a further empty pass is the end.
      if (stopping) break;
      pollfd input{STDIN_FILENO, POLLIN, 0};
      stopping = ::poll(&input, 1, 5) == 1;
    }
    for (std::string_view left = taken; !left.empty();) {
      const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
      if (written <= 0) ::_exit(4);
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  };
  std::vector<Process> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back(peer({"read"}));
    readers.emplace_back(our_reader);
  }
  std::vector<Process> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back(peer({"write", std::to_string(per_writer), "theirs" + std::to_string(i)}));
    writers.emplace_back([&, i] { our_writer(i); });
  }
  for (Process& writer : writers) writer.finish();
  for (Process& reader : readers) reader.close_input();
  std::map<std::string, int> seen;
  for (Process& reader : readers) {
    std::istringstream lines(reader.finish());
    for (std::string line; std::getline(lines, line);) ++seen[line];
  }
  EXPECT_EQ(seen.size(), 4 * static_cast<std::size_t>(per_writer));
  for (const auto& [text, times] : seen) EXPECT_EQ(times, 1) << text;
  for (const std::string& name : files()) EXPECT_TRUE(name.starts_with(".spare/")) << name << " was left";
}

INSTANTIATE_TEST_SUITE_P(PlainAndRecycling, InteropLoadTest,
                         testing::Values(Load{2'500, 0, "/dev/shm"}, Load{500, 64, ""}));

}  // namespace
}  // namespace simplevisor::dirq
