#include "workers/transfer/config_general.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "workers/transfer/settings.hpp"

namespace simplevisor::transfer {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

using Files = std::map<std::string, std::string>;

std::expected<json::object, std::string> parsed(std::string_view text, const Files& files = {}) {
  return parse_config_general(text, "/etc/main.conf",
                              [&](const std::string& path) -> std::expected<std::string, std::string> {
                                const auto file = files.find(path);
                                if (file == files.end()) return std::unexpected(path + ": not there");
                                return file->second;
                              });
}
json::object object_of(std::string_view text, const Files& files = {}) {
  const auto object = parsed(text, files);
  EXPECT_TRUE(object) << (object ? "" : object.error());
  return object.value_or(json::object{});
}
std::string fault_of(std::string_view text, const Files& files = {}) {
  const auto object = parsed(text, files);
  return object ? "none" : object.error();
}
json::value value_of(std::string_view text) {
  return json::parse(text);
}

TEST(ConfigGeneral, KnowsKeysValuesQuotesAndComments) {
  EXPECT_EQ(object_of("# first\n"
                      "count = 5\n"
                      "  window 100   # as many\n"
                      "path = \"/a b\"\r\n"
                      "other 'c d'\n"
                      "hash = a\\#b\n"
                      "equals = a=b c\n"
                      "long = one \\\n   two\n"
                      "flag\n"
                      "\n"),
            value_of(R"({"count": "5", "window": "100", "path": "/a b", "other": "c d", "hash": "a#b",
                         "equals": "a=b c", "long": "one    two", "flag": ""})"));
}

TEST(ConfigGeneral, KnowsBlocksListsAndTextsOverSeveralLines) {
  EXPECT_EQ(object_of("<incoming-broker>\n"
                      "  uri = stomp://h:1\n"
                      "  <auth>\n    scheme = plain\n    name = me\n  </auth>\n"
                      "</incoming-broker>\n"
                      "<subscribe>\n  destination = /queue/a\n</subscribe>\n"
                      "<subscribe>\n  destination = /queue/b\n</subscribe>\n"
                      "auth = 1\nauth = 2\nauth = 3\n"
                      "text = <<EOF\n line one # no comment\nline two\nEOF\n"
                      "<empty/>\n"
                      "<kind one>\n a 1\n</kind>\n<kind two>\n a 2\n</kind>\n"),
            value_of(R"({"incoming-broker": {"uri": "stomp://h:1", "auth": {"scheme": "plain", "name": "me"}},
                         "subscribe": [{"destination": "/queue/a"}, {"destination": "/queue/b"}],
                         "auth": ["1", "2", "3"], "text": " line one # no comment\nline two", "empty": {},
                         "kind": {"one": {"a": "1"}, "two": {"a": "2"}}})"));
}

TEST(ConfigGeneral, IncludesFilesBesideTheOneThatSaysSo) {
  EXPECT_EQ(object_of("include more.conf\n<a>\n<<include sub/b.conf>>\n</a>\ninclude more.conf\n",
                      {{"/etc/more.conf", "x = 1"},
                       {"/etc/sub/b.conf", "y 2\ninclude c.conf"},
                       {"/etc/sub/c.conf", "z 3"}}),
            value_of(R"({"x": ["1", "1"], "a": {"y": "2", "z": "3"}})"));
  EXPECT_EQ(object_of("include = yes"), value_of(R"({"include": "yes"})"));
}

TEST(ConfigGeneral, SaysWhereItIsWrong) {
  EXPECT_THAT(fault_of("a = 1\n<b>\nc = 2\n"), HasSubstr("/etc/main.conf:3: <b> is not ended"));
  EXPECT_THAT(fault_of("<b>\n</c>\n"),
              HasSubstr("/etc/main.conf:2: </c> ends nothing that is open; open is <b>"));
  EXPECT_THAT(fault_of("</c>"), HasSubstr(":1: </c> ends nothing"));
  EXPECT_THAT(fault_of("</"), HasSubstr(":1: </ ends nothing"));
  EXPECT_THAT(fault_of("<b\n"), HasSubstr("lacks its \">\""));
  EXPECT_THAT(fault_of("<>\n"), HasSubstr("without a name"));
  EXPECT_THAT(fault_of("<"), HasSubstr("lacks its"));
  EXPECT_THAT(fault_of("= 5\n"), HasSubstr("a key is missing"));
  EXPECT_THAT(fault_of("a = <<EOF\ntext\n"), HasSubstr("is not ended by EOF"));
  EXPECT_THAT(fault_of("a = <<\n"), HasSubstr("needs the word"));
  EXPECT_THAT(fault_of("x=1\ninclude absent.conf"),
              HasSubstr("/etc/main.conf:2: /etc/absent.conf: not there"));
  EXPECT_THAT(fault_of("include a.conf", {{"/etc/a.conf", "\n\n<b"}}), HasSubstr("/etc/a.conf:3: <b lacks"));
}

TEST(ConfigGeneral, IsBounded) {
  EXPECT_THAT(fault_of("include main.conf", {{"/etc/main.conf", "include main.conf"}}),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(fault_of("include a.conf",
                       {{"/etc/a.conf", "include b.conf\ninclude b.conf"},
                        {"/etc/b.conf", "include c.conf\ninclude c.conf\ninclude c.conf"},
                        {"/etc/c.conf", "include d.conf\ninclude d.conf\ninclude d.conf\ninclude d.conf"},
                        {"/etc/d.conf", "include e\ninclude e\ninclude e\ninclude e\ninclude e"},
                        {"/etc/e", ""}}),
              HasSubstr("too many files"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>\n";
  EXPECT_THAT(fault_of(deep), HasSubstr("nested too deeply"));
}

// The example that most installations of stompclt began with, in their own words.
TEST(ConfigGeneral, SetsUpAnAgent) {
  const json::object object = object_of(
      "daemon = true\npidfile = /run/x.pid\nlazy = true\nreliable = true\nprefetch = 50\n"
      "<incoming-broker>\n  uri = \"failover:(stomp://a:6163,stomp://b:6163)\"\n  auth = \"plain name=me "
      "pass=s3cret\"\n"
      "</incoming-broker>\n"
      "<subscribe>\n  destination = /queue/test\n  activemq.prefetchSize = 10\n</subscribe>\n"
      "<outgoing-queue>\n  path = /var/spool/x\n</outgoing-queue>\nquit = 1\n");
  Settings settings;
  EXPECT_THAT(set_from(settings, flattened(object)), testing::IsEmpty());
  EXPECT_THAT(contradictions(settings), testing::IsEmpty());
  EXPECT_TRUE(settings.daemon && settings.lazy && settings.reliable);
  EXPECT_EQ(settings.prefetch, 50U);
  EXPECT_EQ(settings.incoming.broker_uri, "failover:(stomp://a:6163,stomp://b:6163)");
  ASSERT_EQ(settings.subscribe.size(), 1U);
  EXPECT_EQ(settings.subscribe[0], (Pairs{{"destination", "/queue/test"}, {"activemq.prefetchSize", "10"}}));
  EXPECT_EQ(settings.outgoing.queue, (Pairs{{"path", "/var/spool/x"}}));
}

}  // namespace
}  // namespace simplevisor::transfer
