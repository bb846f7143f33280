// What happened, kept: in memory, on disk, over restarts, and while the disk is in trouble.
#include <gmock/gmock.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "supervisor/runtime/journal/event_json.hpp"
#include "supervisor/runtime/journal/recorder.hpp"

namespace simplevisor::runtime::journal {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr auto patience = 120s;

class Journal : public testing::Test {
 protected:
  Journal() {
    std::string name = testing::TempDir() + "journalXXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    options.place.dir = name + "/journal";
    options.gather = 0ms;
  }
  ~Journal() override { std::filesystem::remove_all(std::filesystem::path{options.place.dir}.parent_path()); }

  [[nodiscard]] std::unique_ptr<Recorder> open() const {
    auto recorder = Recorder::open(options);
    EXPECT_TRUE(recorder) << recorder.error().message;
    EXPECT_TRUE((*recorder)->sync(patience));  // what was there is loaded
    return *std::move(recorder);
  }
  [[nodiscard]] std::string path(const std::string& file) const { return options.place.dir + "/" + file; }
  [[nodiscard]] static std::string contents(const std::string& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  static Event ended(const std::string& node, int status, std::uint32_t life = 1) {
    return {.kind = Kind::ended,
            .path = node,
            .pid = 42,
            .life = life,
            .end = End{.cause = Cause::failed, .status = status, .by_signal = false, .lived = 1500ms},
            .text = "exited with status " + std::to_string(status)};
  }
  static std::vector<int> statuses(const std::optional<History>& history) {
    std::vector<int> all;
    if (!history) return all;
    for (const auto& entry : history->entries()) all.push_back(entry.end.status);
    return all;
  }

  Recorder::Options options;
};

TEST_F(Journal, NumbersEventsAndTellsWhatCameAfterOne) {
  const auto recorder = open();
  for (int n = 0; n < 5; ++n) recorder->record(ended("root/a", n));
  ASSERT_TRUE(recorder->sync(patience));
  const Chunk all = recorder->after(0, 1 << 20);
  EXPECT_EQ(all.first, 1U);
  EXPECT_EQ(all.last, 5U);
  EXPECT_FALSE(all.gap);
  ASSERT_THAT(all.lines, SizeIs(5));
  EXPECT_THAT(all.lines[3], AllOf(HasSubstr(R"("id":4,)"), HasSubstr(R"("status":3,)")));
  EXPECT_THAT(recorder->after(3, 1 << 20).lines, SizeIs(2));
  EXPECT_THAT(recorder->after(3, 1).lines, SizeIs(1));  // at least one, however small the room
  EXPECT_THAT(recorder->after(5, 1 << 20).lines, SizeIs(0));
}

TEST_F(Journal, TellsThatThereIsNews) {
  std::mutex mutex;
  std::condition_variable told;
  EventId seen = 0;
  const auto recorder = open();
  const auto token = recorder->when_news([&, raw = recorder.get()] {
    const std::lock_guard lock{mutex};
    seen = raw->last();
    told.notify_one();
  });
  recorder->record(ended("root/a", 1));
  recorder->nudge();
  std::unique_lock lock{mutex};
  EXPECT_TRUE(told.wait_for(lock, patience, [&] { return seen == 1; }));
}

TEST_F(Journal, SaysThatAFollowerIsTooFarBehind) {
  options.ring_bytes_max = 1000;
  const auto recorder = open();
  for (int n = 0; n < 100; ++n) recorder->record(ended("root/a", n));
  ASSERT_TRUE(recorder->sync(patience));
  const Chunk rest = recorder->after(1, 1 << 20);
  EXPECT_TRUE(rest.gap);
  EXPECT_EQ(rest.last, 100U);
  EXPECT_EQ(rest.first, 100U - rest.lines.size() + 1);
  EXPECT_FALSE(recorder->after(rest.first - 1, 1 << 20).gap);
}

TEST_F(Journal, LeavesOutAndCountsWhatNobodyTakesOver) {
  options.pending_max = 10;
  std::atomic<bool> hangs = true;
  std::atomic<bool> hanging = false;
  options.place.calls.write = [&](int file, const void* bytes, std::size_t count) {
    hanging = true;
    hanging.notify_all();
    hangs.wait(true);
    return ::write(file, bytes, count);
  };
  const auto recorder = open();
  recorder->record(ended("root/a", 0));
  recorder->nudge();
  hanging.wait(false);  // a disk that does not answer
  for (int n = 0; n < 12; ++n) recorder->record(ended("root/a", n));
  EXPECT_EQ(recorder->left_out(), 2U);
  EXPECT_EQ(recorder->last(), 1U);  // and nobody who asks waits for it
  hangs = false;
  hangs.notify_all();
  ASSERT_TRUE(recorder->sync(patience));
  EXPECT_EQ(recorder->last(), 11U);
}

TEST_F(Journal, KeepsTheLastHundredEndsOfAWorker) {
  const auto recorder = open();
  for (int n = 0; n < 130; ++n) recorder->record(ended("root/a", n));
  recorder->record(ended("root/b", 7));
  ASSERT_TRUE(recorder->sync(patience));
  const auto history = recorder->history("root/a");
  ASSERT_TRUE(history);
  EXPECT_EQ(history->total, 130U);
  ASSERT_EQ(history->size(), 100U);
  EXPECT_EQ(history->entries().front().end.status, 30);
  EXPECT_EQ(history->entries().back().end.status, 129);
  EXPECT_EQ(history->entries().back().end.lived, 1500ms);
  EXPECT_EQ(statuses(recorder->history("root/b")), std::vector{7});
  EXPECT_FALSE(recorder->history("root/c"));
}

TEST_F(Journal, KnowsWhatWasDecidedAfterAnEnd) {
  {
    const auto recorder = open();
    recorder->record(ended("root/a", 1));
    recorder->record({.kind = Kind::restarting, .path = "root", .about = "root/a"});
    recorder->record(ended("root/a", 2));
    recorder->record({.kind = Kind::gave_up, .path = "root", .about = "root/a"});
    recorder->record({.kind = Kind::supervisor_stopped, .path = "root", .about = "root/a"});
    recorder->record(ended("root/a", 3));
  }
  const auto entries = open()->history("root/a")->entries();
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0].action, Kind::restarting);
  EXPECT_EQ(entries[1].action, Kind::gave_up);
  EXPECT_EQ(entries[2].action, std::nullopt);
}

TEST_F(Journal, GoesOnAfterARestart) {
  {
    const auto recorder = open();
    for (int n = 0; n < 3; ++n) recorder->record(ended("root/a", n));
  }
  const auto recorder = open();
  EXPECT_EQ(recorder->last(), 3U);
  EXPECT_EQ(statuses(recorder->history("root/a")), (std::vector{0, 1, 2}));
  recorder->record(ended("root/a", 3));
  ASSERT_TRUE(recorder->sync(patience));
  EXPECT_THAT(recorder->after(2, 1 << 20).lines,
              ElementsAre(HasSubstr(R"("id":3,)"), HasSubstr(R"("id":4,)")));
}

TEST_F(Journal, FindsWhatConcernsANode) {
  const auto recorder = open();
  recorder->record(ended("root/a", 1));
  recorder->record(ended("root/ab", 2));
  recorder->record({.kind = Kind::restarting, .path = "root", .about = "root/a"});
  recorder->record({.kind = Kind::gave_up, .path = "root", .about = "root/c"});
  ASSERT_TRUE(recorder->sync(patience));
  const auto found = recorder->about("root/a", {}, 10);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].end->status, 1);
  EXPECT_EQ(found[1].kind, Kind::restarting);
  EXPECT_THAT(recorder->about("root/a", {"root"}, 10), SizeIs(3));
  EXPECT_THAT(recorder->about("root/a", {"root"}, 1),
              ElementsAre(testing::Field(&Event::kind, Kind::gave_up)));
}

TEST_F(Journal, ANoisyWorkerDoesNotPushOutAQuietOnesHistory) {
  options.place.bytes_max = 4096;
  options.place.files = 2;
  {
    const auto recorder = open();
    recorder->record(ended("root/quiet", 9));
    for (int n = 0; n < 500; ++n) {
      recorder->record(ended("root/noisy", n % 256));
      if (n % 10 == 0) {
        ASSERT_TRUE(recorder->sync(patience));
      }
    }
  }
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{options.place.dir}) {
    files.insert(entry.path().filename());
    EXPECT_LT(entry.file_size(), 4096U + 100 * 64);  // its events, and the histories at its head
  }
  EXPECT_THAT(files, ElementsAre("events.jsonl", "events.jsonl.1", "events.jsonl.2"));
  const auto recorder = open();
  EXPECT_EQ(statuses(recorder->history("root/quiet")), std::vector{9});
  EXPECT_EQ(recorder->history("root/noisy")->total, 500U);
  EXPECT_EQ(recorder->last(), 501U);
}

TEST_F(Journal, NumbersGoOnWhenTheNewestFileHasNoEventYet) {
  options.place.bytes_max = 1;
  {
    const auto recorder = open();
    recorder->record(ended("root/a", 0));
  }
  EXPECT_THAT(contents(path("events.jsonl")), testing::Not(HasSubstr("\"id\"")));
  const auto recorder = open();
  EXPECT_EQ(recorder->last(), 1U);
  EXPECT_EQ(recorder->history("root/a")->total, 1U);
}

TEST_F(Journal, AKillInTheMiddleOfALineCostsThatLine) {
  {
    const auto recorder = open();
    for (int n = 0; n < 3; ++n) recorder->record(ended("root/a", n));
  }
  std::filesystem::resize_file(path("events.jsonl"), std::filesystem::file_size(path("events.jsonl")) - 5);
  {
    const auto recorder = open();
    EXPECT_EQ(recorder->last(), 2U);
    recorder->record(ended("root/a", 7));
  }
  EXPECT_EQ(statuses(open()->history("root/a")), (std::vector{0, 1, 7}));
}

TEST_F(Journal, AKillInTheMiddleOfARotationCostsNothing) {
  {
    const auto recorder = open();
    for (int n = 0; n < 3; ++n) recorder->record(ended("root/a", n));
  }
  std::filesystem::rename(path("events.jsonl"), path("events.jsonl.1"));
  std::ofstream{path("events.jsonl.new")} << "half";
  const auto recorder = open();
  EXPECT_EQ(recorder->last(), 3U);
  EXPECT_EQ(statuses(recorder->history("root/a")), (std::vector{0, 1, 2}));
}

TEST_F(Journal, ForeignLinesArePassedOver) {
  std::filesystem::create_directories(options.place.dir);
  std::ofstream{path("events.jsonl")}
      << "nonsense\n{\"id\":-1}\n{\"history\":\"root/a\",\"ends\":[[1,2]]}\n"
      << "{\"history\":\"root/b\",\"ends\":[[1,2,99,0,0,-1]]}\n[]\n\n"
      << std::string(100'000, '[') << "\n"
      << R"({"id":7,"time":"2026-01-31T13:05:06.000001Z","kind":"over","path":"root"})"
      << "\n";
  const auto recorder = open();
  EXPECT_EQ(recorder->last(), 7U);
  EXPECT_FALSE(recorder->history("root/a"));
  EXPECT_THAT(recorder->after(0, 1 << 20).lines, SizeIs(1));
}

// Each call that may fail does, for a while: reported once, nothing stops, and what follows is whole.
class TroubledJournal : public Journal {
 protected:
  void expect_recovery() {
    std::vector<std::string> reports;
    options.report = [&](const std::string& text) { reports.push_back(text); };
    {
      const auto recorder = open();
      fails = true;
      for (int n = 0; n < 3; ++n) {
        recorder->record(ended("root/a", n));
        ASSERT_TRUE(recorder->sync(patience));
      }
      EXPECT_EQ(recorder->last(), 3U);
      EXPECT_EQ(statuses(recorder->history("root/a")), (std::vector{0, 1, 2}));
      // The file is written after the event can be seen: the next event's turn comes after that.
      recorder->record(ended("root/a", 3));
      ASSERT_TRUE(recorder->sync(patience));
      fails = false;
      recorder->record(ended("root/a", 4));
      ASSERT_TRUE(recorder->sync(patience));
    }
    EXPECT_THAT(reports, ElementsAre(HasSubstr(trouble), HasSubstr("written down again")));
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator{options.place.dir}) {
      std::ifstream file{entry.path()};
      for (std::string line; std::getline(file, line); all += line)
        EXPECT_FALSE(std::holds_alternative<std::monostate>(parse_line(line))) << line;
    }
    EXPECT_THAT(all, HasSubstr("status 4"));
  }
  std::atomic<bool> fails = false;
  std::string trouble;
};

TEST_F(TroubledJournal, OutlivesAFullDisk) {
  trouble = "No space left on device";
  options.place.calls.write = [this](int file, const void* bytes, std::size_t count) -> ssize_t {
    if (!fails) return ::write(file, bytes, count);
    if (count > 10) return ::write(file, bytes, 10);  // the last bytes there were
    errno = ENOSPC;
    return -1;
  };
  expect_recovery();
}

TEST_F(TroubledJournal, OutlivesAFileThatCannotBeOpened) {
  options.place.bytes_max = 1;  // each batch of events begins a file
  trouble = "Too many open files";
  options.place.calls.open = [this](int dir, const char* name, int flags, mode_t mode) {
    if (!fails) return ::openat(dir, name, flags, mode);
    errno = EMFILE;
    return -1;
  };
  expect_recovery();
}

TEST_F(TroubledJournal, OutlivesARotationThatFails) {
  options.place.bytes_max = 1;
  trouble = "Permission denied";
  options.place.calls.rename = [this](int dir, const char* from, const char* to) {
    if (!fails) return ::renameat(dir, from, dir, to);
    errno = EACCES;
    return -1;
  };
  expect_recovery();
}

TEST_F(TroubledJournal, OutlivesAHalfLineThatCannotBeTakenBack) {
  trouble = "Input/output error";
  options.place.calls.write = [this](int file, const void* bytes, std::size_t count) -> ssize_t {
    if (!fails) return ::write(file, bytes, count);
    errno = EIO;
    return -1;
  };
  options.place.calls.truncate = [this](int file, off_t size) {
    if (!fails) return ::ftruncate(file, size);
    errno = EIO;
    return -1;
  };
  expect_recovery();
}

TEST_F(Journal, ADirectoryThatCannotBeMadeIsToldAtTheStart) {
  std::filesystem::create_directories(std::filesystem::path{options.place.dir}.parent_path());
  std::ofstream{options.place.dir} << "a file";
  const auto recorder = Recorder::open(options);
  ASSERT_FALSE(recorder);
  EXPECT_THAT(recorder.error().message, HasSubstr(options.place.dir));
}

TEST(EventJson, ComesBackAsItWas) {
  Event event{.id = 7,
              .time = std::chrono::sys_days{std::chrono::year{2026} / 1 / 31} + 13h + 5min + 6s + 789'012us,
              .kind = Kind::ended,
              .path = "root/a",
              .about = "",
              .pid = 12,
              .life = 3,
              .end = End{.cause = Cause::signalled, .status = 9, .by_signal = true, .lived = 2s},
              .text = "killed by SIGKILL \"\\\n",
              .by = "root"};
  const std::string json = to_json(event);
  EXPECT_THAT(json,
              AllOf(testing::StartsWith(R"({"id":7,"time":"2026-01-31T13:05:06.789012Z","kind":"ended",)"),
                    HasSubstr(R"("signal":9,"lived_ms":2000)"), testing::Not(HasSubstr("\n"))));
  const Line line = parse_line(json);
  const auto* const back = std::get_if<Event>(&line);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->time, event.time);
  EXPECT_EQ(back->text, event.text);
  EXPECT_EQ(back->end->status, 9);
  EXPECT_TRUE(back->end->by_signal);
  EXPECT_EQ(to_json(*back), json);
}

TEST(EventJson, WritesBytesThatAreNoText) {
  EXPECT_THAT(to_json(Event{.id = 1,
                            .kind = Kind::asked,
                            .path = "root",
                            .text = "a\xff"
                                    "b"}),
              HasSubstr(R"("text":"a\ufffdb")"));
}

TEST(EventJson, EveryKindHasItsName) {
  for (int n = 0; n <= static_cast<int>(Kind::supervisor_stopped); ++n) {
    const auto kind = static_cast<Kind>(n);
    EXPECT_EQ(kind_named(name_of(kind)), kind);
  }
  EXPECT_FALSE(kind_named("nonsense"));
}

}  // namespace
}  // namespace simplevisor::runtime::journal
