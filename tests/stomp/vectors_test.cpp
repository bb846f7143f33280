// What Net::STOMP::Client and two real brokers wrote and read, under all three versions.
#include <gmock/gmock.h>

#include <set>

#include "tests/stomp/codec_support.hpp"
#include "workers/stomp/convert.hpp"
#include "workers/stomp/writer.hpp"

namespace simplevisor::stomp {
namespace {

constexpr std::array versions{Version::v1_0, Version::v1_1, Version::v1_2};
constexpr std::array<std::size_t, 4> pieces{1, 2, 7, 100'000};

Dialect dialect_of(Version version) {
  return Dialect::of(version, BrokerType::unknown);
}

std::map<std::string, std::string> header_map(const std::vector<HeaderField>& headers) {
  return {headers.begin(), headers.end()};
}

// Where the reference differs from us, and why. It takes bytes for Latin-1 characters in 1.0, and decodes Latin-1
// bodies, or U+FFFDs them; we hold UTF-8 or bytes, and nothing is lost.
std::optional<message::Message> ours(const std::string& name, Version version) {
  using message::Message;
  if (name == "utf8-header" && version == Version::v1_0) return Message{{{"x", "\u00e9"}}, "", false};
  if (name == "text-type" && version == Version::v1_0) {
    return Message{{{"content-type", "text/plain"}}, "\u00e9", true};
  }
  if (name == "text-with-params" && version == Version::v1_0) {
    return Message{{{"content-type", "text/plain;charset=utf-8"}}, "\u00e9", true};
  }
  if (name == "text-type-charset-latin1") {
    return Message{{{"content-type", "application/x;charset=iso-8859-1"}}, "\xE9", false};
  }
  if (name == "text-invalid-utf8") return Message{{{"content-type", "text/plain"}}, "\xFF", false};
  return std::nullopt;
}

TEST(StompFrameVectors, AreDecodedWhateverThePieces) {
  std::size_t cases = 0;
  const auto recorded = vectors("stomp-frames.json");
  for (const auto& item : recorded.at("decode").as_array()) {
    const std::string name{item.at("name").as_string()};
    const std::string bytes = bytes_of(item.at("frame_base64"));
    for (const Version version : versions) {
      const auto& expected = item.at("perl").at(name_of(version)).as_object();
      for (const std::size_t piece : pieces) {
        SCOPED_TRACE(name + " " + std::string{name_of(version)} + " in pieces of " + std::to_string(piece));
        ++cases;
        Parsed parsed = parse(bytes, dialect_of(version), piece);
        EXPECT_EQ(!parsed.error.empty(), expected.contains("error")) << parsed.error;
        if (expected.contains("error") || expected.contains("incomplete")) {
          EXPECT_TRUE(parsed.frames.empty());
          continue;
        }
        ASSERT_EQ(parsed.frames.size(), name == "two-frames" ? 2U : 1U);
        EXPECT_EQ(parsed.frames[0].command, expected.at("command").as_string());
        const message::Message message = to_message(std::move(parsed.frames[0]), version);
        if (const auto different = ours(name, version)) {
          EXPECT_EQ(message, *different);
          continue;
        }
        message::Header header;
        for (const auto& field : expected.at("headers").as_object()) {
          header.emplace(field.key(), field.value().as_string());
        }
        EXPECT_EQ(message.header, header);
        EXPECT_EQ(message.text, expected.at("text").as_bool());
        EXPECT_EQ(message.body, expected.contains("body_text")
                                    ? std::string{expected.at("body_text").as_string()}
                                    : bytes_of(expected.at("body_base64")));
      }
    }
  }
  EXPECT_EQ(cases, 27U * versions.size() * pieces.size());
}

TEST(StompFrameVectors, AreEncoded) {
  std::size_t cases = 0;
  const auto recorded = vectors("stomp-frames.json");
  for (const auto& item : recorded.at("encode").as_array()) {
    ++cases;
    const std::string name{item.at("name").as_string()};
    const auto& object = item.as_object();
    std::string body;
    if (object.contains("body_text")) body = item.at("body_text").as_string();
    if (object.contains("body_base64")) body = bytes_of(item.at("body_base64"));
    for (const Version version : versions) {
      SCOPED_TRACE(name + " " + std::string{name_of(version)});
      std::string out = "before";
      FrameWriter writer{out, dialect_of(version), "SEND"};
      ContentLength length = ContentLength::unless_empty;
      for (const auto& field : item.at("headers").as_object()) {
        if (field.key() == "content-length") {
          if (field.value().as_string().empty()) length = ContentLength::omitted;
          continue;
        }
        writer.header(field.key(), field.value().as_string());
      }
      const auto written = writer.end(body, length);
      // The reference writes frames here that say something else than was meant.
      if (version == Version::v1_0 && (name == "newline" || name == "colon-in-key")) {
        EXPECT_FALSE(written);
        EXPECT_EQ(out, "before");
        continue;
      }
      ASSERT_TRUE(written) << written.error().message;
      // Its 1.0 has Latin-1 bodies, or broken ones; a content-length is believed there, and made by us.
      const Version reference = object.contains("body_text") ? Version::v1_2 : version;
      std::string expected = bytes_of(item.at("perl").at(name_of(reference)).at("frame_base64"));
      if (name == "content-length-kept-even-if-wrong") expected.replace(expected.find(":2"), 2, ":3");
      const auto theirs = parse(expected, dialect_of(version), expected.size());
      const auto mine = parse(out.substr(6), dialect_of(version), out.size());
      ASSERT_EQ(theirs.frames.size(), 1U);
      ASSERT_EQ(mine.frames.size(), 1U);
      EXPECT_EQ(header_map(mine.frames[0].headers), header_map(theirs.frames[0].headers));
      EXPECT_EQ(mine.frames[0].body, theirs.frames[0].body);
      EXPECT_EQ(out.size() - 6, expected.size()) << "the same bytes but for the order of headers";
    }
  }
  EXPECT_EQ(cases, 14U);
}

// Every byte that a broker said is read; what we say is what these brokers took.
TEST(StompWireVectors, AreReadToTheEnd) {
  std::size_t frames = 0;
  const auto recorded = vectors("stomp-wire.json");
  for (const auto& session : recorded.at("sessions").as_array()) {
    const Version version = version_named(std::string_view{session.at("version").as_string()}).value();
    const std::string broker{session.at("broker").as_string()};
    Dialect dialect{};
    std::string received;
    for (const auto& step : session.at("steps").as_array()) received += bytes_of(step.at("received_base64"));
    for (const std::size_t piece : pieces) {
      Parser parser;
      std::string_view rest = received;
      while (!rest.empty()) {
        const std::string_view now = rest.substr(0, piece);
        rest.remove_prefix(now.size());
        feed(parser, now);
        while (true) {
          auto frame = parser.next();
          ASSERT_TRUE(frame) << broker << ": " << frame.error().message;
          if (!*frame) break;
          ++frames;
          if ((*frame)->command != "CONNECTED") continue;
          const auto type =
              broker_type_of((*frame)->header_or("server", ""), (*frame)->header_or("session", ""));
          EXPECT_EQ(type, broker.starts_with("Rabbit") ? BrokerType::rabbitmq : BrokerType::activemq);
          EXPECT_EQ(broker_type_of("", (*frame)->header_or("session", "")) == BrokerType::rabbitmq,
                    type == BrokerType::rabbitmq);
          dialect = Dialect::of(version, type);
          parser.use(dialect);
        }
      }
      EXPECT_FALSE(parser.amid_frame());
    }
    // And what was sent there is a sequence of frames too.
    std::string sent;
    for (const auto& step : session.at("steps").as_array()) sent += bytes_of(step.at("sent_base64"));
    const auto parsed = parse(sent, Dialect::of(version, BrokerType::unknown), 7);
    // FOO is the one command that is none.
    EXPECT_EQ(parsed.error.empty(), !sent.contains("FOO")) << parsed.error;
  }
  EXPECT_GT(frames, 200U);
}

}  // namespace
}  // namespace simplevisor::stomp
