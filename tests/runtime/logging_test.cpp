// The supervisor's log: its two forms, its file, and what happens when nobody takes what it says.
#include "supervisor/runtime/logging.hpp"

#include <gmock/gmock.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <thread>

#include "supervisor/runtime/log_format.hpp"
#include "supervisor/runtime/log_sinks.hpp"
#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

spdlog::details::log_msg message_of(std::string_view text,
                                    spdlog::level::level_enum level = spdlog::level::info) {
  const spdlog::log_clock::time_point time{std::chrono::milliseconds{1'769'864'706'007}};
  return {time, {}, {}, level, {text.data(), text.size()}};
}

std::string formatted(LogForm form, std::string_view text,
                      spdlog::level::level_enum level = spdlog::level::info) {
  spdlog::memory_buf_t to;
  LogFormat{form}.format(message_of(text, level), to);
  return {to.data(), to.size()};
}

TEST(LogFormat, TextIsOneLineForPeople) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(formatted(LogForm::text, "up"), "2026-01-31 13:05:06.007 info  up\n");
  EXPECT_EQ(formatted(LogForm::text, "down", spdlog::level::err), "2026-01-31 13:05:06.007 error down\n");
  EXPECT_EQ(formatted(LogForm::text_bare, "up"), "up");
}

TEST(LogFormat, TextCannotForgeASecondLine) {
  EXPECT_EQ(formatted(LogForm::text_bare, "a\nb\tc\x1b[2J\x7f \xc3\xa4"), "a\\nb\\tc\\x1b[2J\\x7f \xc3\xa4");
}

TEST(LogFormat, JsonIsAnObjectALine) {
  EXPECT_EQ(formatted(LogForm::json, "said \"no\" \\ \n\t\x01", spdlog::level::warn),
            R"({"time":"2026-01-31T13:05:06.007Z","level":"warn","message":"said \"no\" \\ \n\t\u0001"})"
            "\n");
  EXPECT_THAT(formatted(LogForm::json_bare, "x"), EndsWith("}"));
}

TEST(LogFormat, JsonStaysUtf8WhateverTheBytes) {
  const auto message = [](std::string_view text) {
    const std::string line = formatted(LogForm::json, text);
    return std::string{boost::json::parse(line).at("message").as_string()};
  };
  EXPECT_EQ(message("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(message("a\xff"), "a" + replaced);
  EXPECT_EQ(message("\xc3"), replaced);                                               // cut short
  EXPECT_EQ(message("\xc0\xaf"), replaced + replaced);                                // overlong
  EXPECT_EQ(message("\xed\xa0\x80"), replaced + replaced + replaced);                 // a surrogate
  EXPECT_EQ(message("\xf4\x90\x80\x80"), replaced + replaced + replaced + replaced);  // beyond U+10FFFF
  std::string every;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second)
      every += {static_cast<char>(first), static_cast<char>(second)};
  }
  EXPECT_NO_THROW(message(every));
}

class LoggingTest : public testing::Test {
 protected:
  config::LogSettings to_file() {
    config::LogSettings settings;
    settings.to_stderr = false;
    settings.file = directory.path("log");
    return settings;
  }
  std::unique_ptr<Logging> start(const config::LogSettings& settings) {
    auto started = Logging::start(settings, "test");
    EXPECT_TRUE(started) << started.error().message;
    return started ? std::move(*started) : nullptr;
  }
  TemporaryDirectory directory;
};

TEST_F(LoggingTest, EveryMessageIsInTheFileWhenItEnds) {
  auto logging = start(to_file());
  for (int i = 0; i < 500; ++i) spdlog::info("message {}", i);
  logging.reset();
  const std::string text = contents(directory.path("log"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 500);
  EXPECT_THAT(text, EndsWith("message 499\n"));
  EXPECT_THAT(text.substr(0, text.find('\n')),
              MatchesRegex("20[0-9-]{8} [0-9:]{8}\\.[0-9]{3} info  message 0"));
}

TEST_F(LoggingTest, TheLevelDecides) {
  auto settings = to_file();
  settings.level = "warn";
  auto logging = start(settings);
  spdlog::info("hidden");
  spdlog::warn("shown");
  logging.reset();
  EXPECT_THAT(contents(directory.path("log")), EndsWith(" warn  shown\n"));
  EXPECT_THAT(contents(directory.path("log")), testing::Not(HasSubstr("hidden")));
}

TEST_F(LoggingTest, TheFileIsRotated) {
  auto settings = to_file();
  settings.file_max_bytes = 1000;
  settings.file_count = 100;
  auto logging = start(settings);
  for (int i = 0; i < 300; ++i) spdlog::info("message {}", i);
  logging.reset();
  const auto files = log_files(directory.path("log"));
  EXPECT_GT(files.size(), 5u);
  int next = 0;
  for (const std::string& file : files) {
    EXPECT_LE(file.size(), 1000u);
    for (std::size_t at = file.find("message "); at != std::string::npos;
         at = file.find("message ", at + 1)) {
      EXPECT_EQ(std::stoi(file.substr(at + 8)), next++);
    }
  }
  EXPECT_EQ(next, 300);
}

TEST_F(LoggingTest, TheFileIsOpenedAnewWhenAsked) {
  auto logging = start(to_file());
  spdlog::info("before");
  ASSERT_TRUE(wait_for_change(directory.path(), [&] { return !contents(directory.path("log")).empty(); }));
  std::filesystem::rename(directory.path("log"), directory.path("moved"));
  logging->reopen();
  spdlog::info("after");
  logging.reset();
  EXPECT_THAT(contents(directory.path("moved")), EndsWith("before\n"));
  EXPECT_THAT(contents(directory.path("log")), EndsWith("after\n"));
}

TEST_F(LoggingTest, WhatCannotWorkIsAnErrorAtStart) {
  auto settings = to_file();
  settings.file = directory.path("missing/log");
  EXPECT_EQ(Logging::start(settings, "test").error().message,
            "cannot open the log file " + settings.file + ": No such file or directory");
  settings = to_file();
  settings.level = "loud";
  EXPECT_EQ(Logging::start(settings, "test").error().message, "cannot log: no such level: loud");
  settings = to_file();
  settings.syslog = "dishes";
  EXPECT_EQ(Logging::start(settings, "test").error().message, "cannot log: no such syslog facility: dishes");
}

TEST_F(LoggingTest, SyslogNeedsNoDaemon) {
  config::LogSettings settings;
  settings.to_stderr = false;
  settings.syslog = "local7";
  const auto logging = start(settings);
  ASSERT_TRUE(logging);
  EXPECT_NO_THROW(spdlog::info("to whom it may concern"));
}

TEST_F(LoggingTest, AMessageThatCannotBeFormattedIsCountedAndNothingThrows) {
  config::LogSettings settings;
  settings.to_stderr = false;
  const auto logging = start(settings);
  EXPECT_NO_THROW(spdlog::info(fmt::runtime("{} {}"), 1));
  EXPECT_EQ(logging->dropped(), 1u);
}

class LogSinkTest : public LoggingTest {
 protected:
  template <class Sink>
  void say(Sink& sink, std::string_view text) {
    sink.set_formatter(std::make_unique<LogFormat>(LogForm::text));
    sink.log(message_of(text));
  }
  LossCount lost = std::make_shared<std::atomic<std::uint64_t>>(0);
};

TEST_F(LogSinkTest, AFullDiskLeavesNoHalfLineAndIsToldAfterwards) {
  // RLIMIT_FSIZE stands for the disk: the write is cut at the limit, the next one fails with EFBIG.
  const auto sink = *LogFileSink::open(directory.path("log"), 0, 0, lost);
  say(*sink, "first");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{.rlim_cur = 50, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  say(*sink, "second");
  say(*sink, "third");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(contents(directory.path("log")), EndsWith(" first\n"));
  EXPECT_EQ(lost->load(), 2u);
  say(*sink, "fourth");
  const std::string text = contents(directory.path("log"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_THAT(text, HasSubstr(" warn  2 messages before this one could not be written\n"));
  EXPECT_THAT(text, EndsWith(" fourth\n"));
}

TEST_F(LogSinkTest, ADeviceIsNeverRotated) {
  std::filesystem::create_symlink("/dev/null", directory.path("log"));
  const auto sink = *LogFileSink::open(directory.path("log"), 100, 3, lost);
  for (int i = 0; i < 100; ++i) say(*sink, "into nothing");
  EXPECT_FALSE(std::filesystem::exists(directory.path("log.1")));
  EXPECT_EQ(lost->load(), 0u);
}

TEST_F(LogSinkTest, AStoppedReaderOfStandardErrorHoldsNobodyUp) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader{ends[0]};
  const UniqueFd writer{ends[1]};
  StderrSink sink{writer.get(), std::chrono::milliseconds{1}, lost};
  int said = 0;
  while (lost->load() == 0) say(sink, std::string(1000, 'x') + std::to_string(said++));
  // The reader takes all there is; then it is told what it missed.
  std::string taken(1u << 20, '\0');
  taken.resize(
      static_cast<std::size_t>(std::max<ssize_t>(::read(reader.get(), taken.data(), taken.size()), 0)));
  say(sink, "again");
  std::string rest(4096, '\0');
  rest.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(reader.get(), rest.data(), rest.size()), 0)));
  EXPECT_THAT(rest, HasSubstr(" warn  1 messages before this one could not be written\n"));
  EXPECT_THAT(rest, EndsWith(" again\n"));
}

TEST_F(LogSinkTest, AReaderOfStandardErrorThatHasGoneIsNoFault) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const UniqueFd writer{ends[1]};
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  StderrSink sink{writer.get(), std::chrono::milliseconds{1}, lost};
  say(sink, "to nobody");
  EXPECT_EQ(lost->load(), 1u);
  ::signal(SIGPIPE, before);
}

TEST_F(LoggingTest, AFloodFromSeveralThreadsIsWrittenOrCounted) {
  auto logging = start(to_file());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 5000; ++i) spdlog::info("flood");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto dropped = logging->dropped();
  logging.reset();
  const std::string text = contents(directory.path("log"));
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(text, '\n')) + dropped, 20'000u);
}

}  // namespace
}  // namespace simplevisor::runtime::test
