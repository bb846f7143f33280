// Every message that the real sr3_post was seen to publish, v03 and v02: read, and written again.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "workers/sarra/digest.hpp"
#include "workers/sarra/names.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;

struct Vector {
  std::string routing_key;
  message::Message message;
};

std::string text_of(const json::value& value) {
  return std::string{value.as_string()};
}

// As workers/amqp gives them to us.
const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = [] {
    std::ifstream in{VECTORS_DIR "/sarra/wire.json"};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const json::value parsed = json::parse(text);
    std::vector<Vector> read;
    for (const json::value& one : parsed.at("messages").as_array()) {
      Vector vector;
      vector.routing_key = text_of(one.at("routing_key"));
      vector.message.body = text_of(one.at("body_text"));
      vector.message.header = {{"content-type", text_of(one.at("content_type"))},
                               {"content-encoding", text_of(one.at("content_encoding"))},
                               {"amqp-exchange", text_of(one.at("exchange"))},
                               {"amqp-routing-key", vector.routing_key},
                               {"persistent", "true"},
                               {"redelivered", "false"}};
      for (const auto& [name, value] : one.at("headers").as_object())
        vector.message.header[name] = text_of(value);
      read.push_back(std::move(vector));
    }
    return read;
  }();
  return all;
}

TEST(CapturedMessages, AreAllRead) {
  ASSERT_EQ(vectors().size(), 30U);
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.message.body);
    const auto received = decode(vector.message);
    ASSERT_TRUE(received) << received.error().reason;
    const Announcement& announcement = received->announcement;
    EXPECT_EQ(announcement.base_url, "http://127.0.0.1:8090/");
    EXPECT_EQ(announcement.source, "guest");
    EXPECT_TRUE(parse_time(announcement.pub_time));
    EXPECT_EQ(received->format == Format::v02, vector.routing_key.starts_with("v02"));
  }
}

TEST(CapturedMessages, HaveTheTopicsThatWeWouldGiveThem) {
  for (const Vector& vector : vectors()) {
    const auto received = decode(vector.message).value();
    const auto prefix = received.format == Format::v02 ? v02_topic_prefix : v03_topic_prefix;
    EXPECT_EQ(topic_of(prefix, received.announcement.rel_path), vector.routing_key);
  }
}

TEST(CapturedMessages, WrittenAgainMeanTheSame) {
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.message.body);
    const auto received = decode(vector.message).value();
    const auto written = encode(received.announcement, received.format);
    ASSERT_TRUE(written) << written.error();
    EXPECT_EQ(decode(*written).value().announcement, received.announcement);
    if (received.format == Format::v03) {
      EXPECT_EQ(json::parse(written->body), json::parse(vector.message.body));
      continue;
    }
    EXPECT_EQ(written->body, vector.message.body);
    for (const char* name : {"source", "mode", "mtime", "atime", "contentType", "parts"}) {
      EXPECT_EQ(written->header.contains(name), vector.message.header.contains(name)) << name;
      if (written->header.contains(name)) {
        EXPECT_EQ(written->header.at(name), vector.message.header.at(name));
      }
    }
    if (!received.announcement.file_op.contains("link")) {  // whose target sr3 does not name
      EXPECT_EQ(written->header.at("sum"), vector.message.header.at("sum"));
    }
  }
}

TEST(CapturedMessages, SayTheSameInBothFormats) {
  // The same file was announced in both.
  const auto find = [](Format format, const std::string& path) {
    for (const Vector& vector : vectors()) {
      auto received = decode(vector.message).value();
      if (received.format == format && received.announcement.rel_path == path) return received.announcement;
    }
    throw std::runtime_error{path};
  };
  for (const char* path :
       {"observations/swob/a.json", "observations/swob/b.bin", "observations/swob/t.txt"}) {
    const Announcement v03 = find(Format::v03, path);
    const Announcement v02 = find(Format::v02, path);
    EXPECT_EQ(v02.identity, v03.identity) << path;
    EXPECT_EQ(v02.size, v03.size);
    EXPECT_EQ(v02.mtime, v03.mtime);
    EXPECT_EQ(v02.mode, v03.mode);
  }
  EXPECT_EQ(find(Format::v02, "observations/swob").file_op, find(Format::v03, "observations/swob").file_op);
  EXPECT_EQ(find(Format::v02, "observations/swob/link").file_op.at("link"), "")
      << "sr3's v02 does not name it";
}

TEST(CapturedMessages, ALinkIsSummedUpAsSr3DoesIt) {
  Announcement link{.pub_time = "20261121T221128",
                    .base_url = "http://h/",
                    .rel_path = "link",
                    .file_op = {{"link", "a.json"}}};
  EXPECT_EQ(encode(link, Format::v02).value().header.at("sum").substr(0, 14), "L,747e43c5e18d");
}

}  // namespace
}  // namespace simplevisor::sarra
