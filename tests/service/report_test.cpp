#include "workers/service/report.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <string>

namespace simplevisor::service {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (const char* text : {"", "plain text", "caf\u00e9 \u263a \U0001F600", "\u00a0\ud7ff\ue000\U0010FFFF"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ReplacesControlCharacters) {
  EXPECT_EQ(printable("two\nlines\x1b[2J"), "two lines [2J");
  EXPECT_EQ(printable("\x7f"), "?");
  EXPECT_EQ(printable("\xc2\x9b"), "??") << "one of C1, which a terminal obeys";
}

TEST(Printable, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(printable("a\xffz"), "a?z");
  EXPECT_EQ(printable("\xc3"), "?") << "cut off";
  EXPECT_EQ(printable("\xc3(z"), "?(z");
  EXPECT_EQ(printable("\xc0\xaf"), "??") << "overlong";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "???");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "half of a pair";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "beyond the last character";
  EXPECT_EQ(printable("\xf5"), "?");
}

// What is reported while it lives.
class Reports {
 public:
  explicit Reports(const char* format) {
    EXPECT_EQ(::pipe(pipe_.data()), 0);
    if (format != nullptr)
      ::setenv("SIMPLEVISOR_LOG_FORMAT", format, 1);
    else
      ::unsetenv("SIMPLEVISOR_LOG_FORMAT");
    report_as("test-worker");
    report_to(pipe_[1]);
  }
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;
  ~Reports() {
    ::unsetenv("SIMPLEVISOR_LOG_FORMAT");
    report_as("worker");
    report_from(Severity::info);
    report_to(STDERR_FILENO);
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  // All that was written; less than a pipe holds.
  std::string read() {
    ::close(pipe_[1]);
    pipe_[1] = -1;
    std::string text;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = ::read(pipe_[0], piece.data(), piece.size())) > 0;)
      text.append(piece.data(), static_cast<std::size_t>(got));
    return text;
  }

 private:
  std::array<int, 2> pipe_{};
};

TEST(Report, IsASentence) {
  Reports reports{nullptr};
  warn({{"queue", "/var/q"}}, "cannot read {}", "/var/q\nforged: line");
  EXPECT_EQ(reports.read(), "test-worker: cannot read /var/q forged: line\n");
}

TEST(Report, IsAnObjectWithFactsWhenAskedFor) {
  Reports reports{"json"};
  warn({{"queue", std::string{"/var/\"q\"\\"}}, {"tries", 3U}}, "cannot read {}", "a \"b\"\n\xff");
  const std::string text = reports.read();
  ASSERT_TRUE(text.ends_with("}\n")) << text;
  const auto object = boost::json::parse(text).as_object();
  EXPECT_EQ(object.at("level"), "warning");
  EXPECT_EQ(object.at("program"), "test-worker");
  EXPECT_EQ(object.at("pid"), ::getpid());
  EXPECT_EQ(object.at("message"), "cannot read a \"b\" ?");
  EXPECT_EQ(object.at("queue"), "/var/\"q\"\\");
  EXPECT_EQ(object.at("tries"), 3);
  const std::string time{object.at("time").as_string()};
  EXPECT_EQ(time.size(), std::string_view{"2026-01-01T00:00:00.000000Z"}.size()) << time;
  EXPECT_TRUE(time.starts_with("20") && time.ends_with("Z")) << time;
}

TEST(Report, LeavesOutWhatMattersLess) {
  Reports reports{nullptr};
  report_from(Severity::warning);
  inform("not this");
  warn("but this");
  report("and {}", "this");
  trace({}, "and what was asked for");
  EXPECT_EQ(reports.read(),
            "test-worker: but this\ntest-worker: and this\ntest-worker: and what was asked for\n");
}

}  // namespace
}  // namespace simplevisor::service
