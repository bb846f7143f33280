// Subscriber, poster and downloads against a real RabbitMQ, with python3-pika on the other side, both ways.
#include <gmock/gmock.h>

#include <memory>
#include <set>
#include <tuple>

#include "tests/sarra/brokers.hpp"
#include "tests/sarra/http_server.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SarraBrokersTest : public BrokersTest {
 protected:
  [[nodiscard]] std::vector<std::string> poster(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{ANNOUNCE_PROGRAM, "--broker-uri", rabbit->amqp_uri(), "--base-dir",
                                       directory / "site"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_F(SarraBrokersTest, TakesEveryMessageThatSr3Posts) {
  const json::value captured = json::parse(consumer::read_file(VECTORS_DIR "/sarra/wire.json"));
  std::vector<json::object> lines;
  std::multiset<std::string> v03;
  for (const json::value& one : captured.at("messages").as_array()) {
    json::object line = one.as_object();
    line["exchange"] = "xs_vectors";
    line["body"] = line.at("body_text");
    if (line.at("content_type").as_string() == "application/json") v03.insert(text_of(line.at("body")));
    lines.push_back(std::move(line));
  }
  write_lines("lines", lines);
  ASSERT_EQ(peer({"declare", "unused", "xs_vectors", "{}"}), 0) << log();
  const auto agent = start(subscriber({"--exchange", "xs_vectors", "--subtopic", "#", "--topic-prefix", "v03",
                                       "--count", std::to_string(v03.size())}));
  auto old = subscriber({"--exchange", "xs_vectors", "--topic-prefix", "v02.post", "--count",
                         std::to_string(lines.size() - v03.size())});
  old[4] = directory / "old";
  old[6] = directory / "state-old";
  const auto old_agent = start(old);
  ASSERT_TRUE(bound());
  ASSERT_TRUE(until([&] { return rabbit->ctl({"list_bindings"}).find("v02.post.#") != std::string::npos; }))
      << log();
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  EXPECT_EQ(agent->wait(), 0) << log();
  EXPECT_EQ(old_agent->wait(), 0) << log();
  EXPECT_EQ(bodies(), v03) << "byte for byte";
  const auto translated = consumer::contents(directory / "old");
  EXPECT_EQ(translated.size(), lines.size() - v03.size());
  for (const std::string& content : translated) {
    EXPECT_TRUE(decode_v03(consumer::body_of(content))) << content;
    EXPECT_EQ(message::decode(content).value().message.header.at("amqp-exchange"), "xs_vectors");
  }
}

TEST_F(SarraBrokersTest, WhatNobodyWantsIsTurnedAwayAndWhatIsNoAnnouncementIsSetAside) {
  std::vector<json::object> lines{announcement("xs_some", "a.txt"), announcement("xs_some", "a.tmp"),
                                  announcement("xs_some", "b.bin")};
  json::object damaged = lines[0];
  damaged["body"] = "{\"pubTime\":";
  json::object foreign = lines[0];
  foreign["content_type"] = "application/geo+json";
  lines.insert(lines.end(), {damaged, foreign, announcement("xs_some", "last.txt")});
  write_lines("lines", lines);
  ASSERT_EQ(peer({"declare", "unused", "xs_some", "{}"}), 0) << log();
  const auto agent = start(subscriber({"--exchange", "xs_some", "--patterns", R"(reject .*\.tmp$)",
                                       "--patterns", R"(accept .*\.txt$)", "--no-accept-unmatched"}));
  ASSERT_TRUE(bound()) << log();
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  ASSERT_TRUE(written(2)) << log();
  ASSERT_TRUE(until([&] {
    return fs::exists(directory / "q.dead") && consumer::queue_at(directory / "q.dead").count().value() == 1;
  }));
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0);
  EXPECT_EQ(bodies().size(), 2U);
  EXPECT_THAT(log(), AllOf(HasSubstr("turned away: 2 by pattern or age, 0 duplicates, 1 of another format"),
                           HasSubstr("v03: not JSON")));
}

TEST_F(SarraBrokersTest, SharesQueuesWithOthersAndNeedsNoMoreThanASubscribersPermissions) {
  rabbit->ctl({"add_user", "sub", "secret"});
  rabbit->ctl(
      {"set_permissions", "sub", "^q_sub.*", "^q_sub.*|^xs_sub$", "^q_sub.*|^x[lrs]_sub.*|^x.*public$"});
  ASSERT_EQ(peer({"declare", "q_sub.theirs", "xpublic", R"({"x-expires":3600000,"x-message-ttl":1800000})",
                  "v03.a.#", "v03.b.#"}),
            0)
      << log();
  const std::string uri = "amqp://127.0.0.1:" + std::to_string(rabbit->amqp_port());
  auto arguments = subscriber({"--broker-auth", "plain name=sub pass=secret", "--queue-name", "q_sub.theirs",
                               "--expire", "1h", "--message-age-max", "30min", "--subtopic", "a/#",
                               "--subtopic", "b/#", "--count", "1"});
  arguments[2] = uri;
  json::object recent = announcement("xpublic", "b/x");
  recent["routing_key"] = "v03.b";
  recent["body"] = encode_v03({.pub_time = format_time(std::chrono::system_clock::now()),
                               .base_url = "http://h/",
                               .rel_path = "b/x"});
  write_lines("lines", {recent});
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  EXPECT_EQ(run(arguments), 0) << log();
  EXPECT_EQ(bodies().size(), 1U);
  // And theirs with ours: the same declaration again is no error.
  auto ours = subscriber({"--queue-name", "q_guest.ours", "--expire", "1h", "--timeout-inactivity", "1ms"});
  EXPECT_EQ(run(ours), 0) << log();
  EXPECT_EQ(peer({"declare", "q_guest.ours", "xpublic", R"({"x-expires":3600000})", "v03.#"}), 0) << log();
  EXPECT_EQ(run(subscriber({"--queue-name", "q_guest.ours", "--timeout-inactivity", "1ms"})), 78)
      << "other arguments";
  EXPECT_EQ(run(subscriber({"--queue-name", "q_guest.ours", "--passive", "--timeout-inactivity", "1ms"})), 0)
      << log();
}

TEST_F(SarraBrokersTest, APassiveSubscriberMakesNoQueue) {
  EXPECT_EQ(run(subscriber({"--queue-name", "q_guest.missing", "--passive"})), 78) << log();
  EXPECT_THAT(log(), HasSubstr("NOT_FOUND - no queue"));
}

TEST_F(SarraBrokersTest, OneQueueTakesFromSeveralExchanges) {
  std::vector<json::object> lines;
  for (const auto& [exchange, key, path] : {std::tuple{"xs_one", "v03.a", "a/1"},
                                            {"xs_one", "v03.b", "b/2"},
                                            {"xs_two", "v03.a", "a/3"},
                                            {"xs_two", "v03.b", "b/4"}}) {
    json::object line = announcement(exchange, path);
    line["routing_key"] = key;
    lines.push_back(std::move(line));
  }
  write_lines("lines", lines);
  for (const char* exchange : {"xs_one", "xs_two"})
    ASSERT_EQ(peer({"declare", "unused", exchange, "{}"}), 0) << log();
  const auto agent =
      start(subscriber({"--binding", "xs_one:a/#", "--binding", "xs_two:b/#", "--count", "2"}));
  ASSERT_TRUE(bound(2)) << log();
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  EXPECT_EQ(agent->wait(), 0) << log();
  EXPECT_EQ(bodies(),
            (std::multiset<std::string>{text_of(lines[0].at("body")), text_of(lines[3].at("body"))}));
}

TEST_F(SarraBrokersTest, SaysThatItsQueueIsNotThereAnyMore) {
  const auto arguments = subscriber({"--expire", "1h", "--timeout-inactivity", "1ms"});
  const char* const lost = "was gone (expired, or deleted), and what came for it meanwhile is lost";
  for (int start = 0; start < 2; ++start) EXPECT_EQ(run(arguments), 0) << log();
  EXPECT_THAT(log(), Not(HasSubstr(lost)));
  const std::string name = consumer::read_file(directory / "state/queue-name");
  rabbit->ctl({"delete_queue", name.substr(0, name.size() - 1)});
  EXPECT_EQ(run(arguments), 0) << log();
  EXPECT_THAT(log(), HasSubstr(lost));
}

TEST_F(SarraBrokersTest, SaysAtOnceThatTheQueueItConsumesFromWasDeleted) {
  const auto agent = start(subscriber({}));
  ASSERT_TRUE(bound()) << log();
  const std::string name = consumer::read_file(directory / "state/queue-name");
  ASSERT_TRUE(until([&] { return fs::exists(directory / "state/subscribed"); })) << log();
  EXPECT_THAT(log(), Not(HasSubstr("was gone")));
  rabbit->ctl({"delete_queue", name.substr(0, name.size() - 1)});
  EXPECT_TRUE(until([&] { return log().find("was gone (expired, or deleted)") != std::string::npos; }))
      << log();
  EXPECT_TRUE(bound()) << "and made again";
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << log();
}

TEST_F(SarraBrokersTest, AnnouncesWhatOthersUnderstandInBothFormats) {
  fs::create_directories(directory / "site/v1.2/we ird#x/st*r");
  std::ofstream{directory / "site/v1.2/we ird#x/st*r/c d.txt"} << "abc";
  fs::create_symlink("c d.txt", directory / "site/v1.2/we ird#x/st*r/link");
  for (const bool old : {false, true}) {
    const std::string exchange = old ? "xs_old" : "xs_new";
    const auto receiver =
        start({"/usr/bin/python3", SARRA_PEER, rabbit->amqp_uri(), "receive", exchange, "5"});
    ASSERT_EQ(receiver->line(), "ready") << log();
    auto arguments =
        poster({"--exchange", exchange, "--base-url", "http://127.0.0.1:8090/", "--source", "guest"});
    if (old) arguments.emplace_back("--v02");
    if (!old) arguments.insert(arguments.end(), {"--inline-below", "1KiB"});
    arguments.emplace_back(directory / "site/v1.2");
    ASSERT_EQ(run(arguments), 0) << log();
    std::vector<json::object> got;
    for (const std::string& line : receiver->lines()) got.push_back(json::parse(line).as_object());
    ASSERT_EQ(got.size(), 5U);
    const std::string prefix = old ? "v02.post" : "v03";
    std::vector<std::string> keys;
    for (const json::object& one : got) keys.push_back(text_of(one.at("routing_key")));
    EXPECT_THAT(keys, ElementsAre(prefix, prefix + ".v1.2", prefix + ".v1.2.we ird%23x",
                                  prefix + ".v1.2.we ird%23x.st%22r", prefix + ".v1.2.we ird%23x.st%22r"));
    EXPECT_EQ(got[3].at("delivery_mode"), 2);
    EXPECT_EQ(text_of(got[3].at("content_encoding")), "utf-8");
    if (old) {
      EXPECT_EQ(text_of(got[3].at("content_type")), "text/plain");
      EXPECT_THAT(text_of(got[3].at("body")),
                  testing::EndsWith(" http://127.0.0.1:8090/ v1.2/we%20ird%23x/st*r/c%20d.txt"));
      EXPECT_EQ(text_of(got[3].at("headers").at("parts")), "1,3,1,0,0");
      EXPECT_THAT(text_of(got[3].at("headers").at("sum")), testing::StartsWith("s,ddaf35a1936"));
      continue;
    }
    EXPECT_EQ(text_of(got[3].at("content_type")), "application/json");
    EXPECT_TRUE(got[3].at("headers").as_object().empty());
    const json::value body = json::parse(text_of(got[3].at("body")));
    EXPECT_EQ(text_of(body.at("relPath")), "v1.2/we ird#x/st*r/c d.txt");
    EXPECT_EQ(body.at("size"), 3);
    EXPECT_EQ(text_of(body.at("identity").at("method")), "sha512");
    EXPECT_EQ(text_of(body.at("content").at("value")), "abc");
    EXPECT_EQ(text_of(json::parse(text_of(got[4].at("body"))).at("fileOp").at("link")), "c d.txt");
  }
}

TEST_F(SarraBrokersTest, AFileThatCannotBeAnnouncedIsToldAndTheOthersAre) {
  fs::create_directories(directory / "site");
  std::ofstream{directory / "site/a"} << "a";
  EXPECT_EQ(run(poster({"--base-url", "http://h/", directory / "site/missing", directory / "site/a",
                        "/etc/hostname"})),
            1);
  EXPECT_THAT(log(), AllOf(HasSubstr("missing: No such file"), HasSubstr("is not below"),
                           HasSubstr("announced 1, failed 2")));
  EXPECT_EQ(run({ANNOUNCE_PROGRAM, "--broker-uri", "amqp://127.0.0.1:1", "--base-url", "nonsense", "x"}), 78)
      << log();
  EXPECT_EQ(run({ANNOUNCE_PROGRAM, "--broker-uri", "amqp://127.0.0.1:1", "--base-url", "http://h/",
                 "--identity", "sha521", "x"}),
            78);
  EXPECT_THAT(log(), HasSubstr(R"(identity: "sha521" is no word of sha512, sha256, md5, cod)"));
  EXPECT_EQ(run({ANNOUNCE_PROGRAM, "--broker-uri", "amqp://127.0.0.1:1", "--base-url", "http://h/",
                 "--base-dir", directory / "site", directory / "site/a"}),
            69);
}

TEST_F(SarraBrokersTest, FromFilesToFilesWithOurProgramsAlone) {
  fs::create_directories(directory / "site/deep/er");
  for (int n = 0; n < 20; ++n)
    std::ofstream{directory / ("site/deep/er/" + std::to_string(n))} << "file " << n
                                                                     << std::string(5000, 'x');
  std::ofstream{directory / "site/small"} << "small";
  const HttpServer server{directory / "site", directory / "http"};
  ASSERT_EQ(peer({"declare", "unused", "xs_guest", "{}"}), 0) << log();
  const auto agent = start(subscriber({"--exchange", "xs_guest"}));
  ASSERT_TRUE(bound()) << log();
  ASSERT_EQ(run(poster({"--base-url", server.url(), "--inline-below", "1KiB", directory / "site/deep",
                        directory / "site/small"})),
            0)
      << log();
  ASSERT_TRUE(written(23)) << log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << log();
  ASSERT_EQ(run({CONSUMER_PROGRAM, "--queue", directory / "q", "--until-empty", "--protocol", "stream",
                 "--data", R"({"directory":")" + directory / "in" + "\"}", "--", FETCH_PROGRAM}),
            0)
      << log();
  for (const char* name : {"small", "deep/er/0", "deep/er/7", "deep/er/19"}) {
    EXPECT_EQ(consumer::read_file(directory / (std::string{"in/"} + name)),
              consumer::read_file(directory / (std::string{"site/"} + name)));
  }
  EXPECT_EQ(consumer::queue_at(directory / "q.dead").count().value(), 0U) << log();
}

TEST_F(SarraBrokersTest, LargeFilesGoInPartsAndArriveWhole) {
  std::string large;
  for (int n = 0; n < 10; ++n) large += std::string(4096, static_cast<char>('a' + n));
  large += "end";
  fs::create_directories(directory / "site/d");
  std::ofstream{directory / "site/d/large"} << large;
  std::ofstream{directory / "site/d/small"} << "small";
  const HttpServer server{directory / "site", directory / "http"};
  ASSERT_EQ(peer({"declare", "unused", "xs_guest", "{}"}), 0) << log();
  // Zeros, whose parts are all alike, are no duplicates of each other.
  const std::string zeros(3 * 4096, '\0');
  std::ofstream{directory / "site/d/zeros"} << zeros;
  const auto agent =
      start(subscriber({"--exchange", "xs_guest", "--nodupe-ttl", "300", "--topic-prefix", "v03"}));
  ASSERT_TRUE(bound()) << log();
  ASSERT_EQ(run(poster({"--base-url", server.url(), "--block-size", "4KiB", directory / "site/d"})), 0)
      << log();
  EXPECT_THAT(log(), HasSubstr("announced 16, failed 0"));
  ASSERT_TRUE(written(16)) << log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << log();
  ASSERT_EQ(
      run({CONSUMER_PROGRAM, "--queue", directory / "q", "--until-empty", "--protocol", "stream", "--data",
           R"({"directory":")" + directory / "in" + "\"}", "--window", "4", "--", FETCH_PROGRAM}),
      0)
      << log();
  EXPECT_EQ(consumer::read_file(directory / "in/d/large"), large) << log();
  EXPECT_EQ(consumer::read_file(directory / "in/d/zeros"), zeros);
  EXPECT_EQ(consumer::read_file(directory / "in/d/small"), "small");
  EXPECT_EQ(consumer::queue_at(directory / "q.dead").count().value(), 0U) << log();
}

}  // namespace
}  // namespace simplevisor::sarra
