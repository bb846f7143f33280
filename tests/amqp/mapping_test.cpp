// A message's header as AMQP properties and table, and back.
#include "workers/amqp/mapping.hpp"

#include <amqp_framing.h>

#include "workers/amqp/bytes.hpp"

namespace simplevisor::amqp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

message::Message with(message::Header header) {
  return {.header = std::move(header), .body = "", .text = false};
}

MappingOptions as_guest() {
  MappingOptions options;
  options.login = "guest";
  return options;
}

TEST(Outgoing, MakesPropertiesOfTheNamesThatAre) {
  const auto message = with({{"content-type", "a/b"},
                             {"content-encoding", "gzip"},
                             {"persistent", "true"},
                             {"priority", "255"},
                             {"correlation-id", "c"},
                             {"reply-to", "r"},
                             {"amqp-message-id", "m"},
                             {"timestamp", "18446744073709551615"},
                             {"type", "t"},
                             {"user-id", "guest"},
                             {"app-id", "a"},
                             {"expiration", "0"},
                             {"own", "v"}});
  const auto properties = outgoing(message, as_guest());
  ASSERT_TRUE(properties) << properties.error();
  EXPECT_EQ(properties->content_type, "a/b");
  EXPECT_EQ(properties->content_encoding, "gzip");
  EXPECT_EQ(properties->delivery_mode, 2);
  EXPECT_EQ(properties->priority, 255);
  EXPECT_EQ(properties->correlation_id, "c");
  EXPECT_EQ(properties->reply_to, "r");
  EXPECT_EQ(properties->message_id, "m");
  EXPECT_EQ(properties->timestamp, 18446744073709551615U);
  EXPECT_EQ(properties->type, "t");
  EXPECT_EQ(properties->user_id, "guest");
  EXPECT_EQ(properties->app_id, "a");
  EXPECT_EQ(properties->expiration, "0");
  EXPECT_THAT(properties->table, ElementsAre(Pair("own", "v")));
}

TEST(Outgoing, NeverInventsAnExpirationOrATimestamp) {
  const message::Message message = with({});
  const auto properties = outgoing(message, as_guest());
  EXPECT_FALSE(properties->expiration);
  EXPECT_FALSE(properties->timestamp);
  EXPECT_FALSE(properties->delivery_mode);
  EXPECT_FALSE(properties->content_type);
}

TEST(Outgoing, NamesTheTypeOfATextThatHasNone) {
  message::Message message = with({});
  message.text = true;
  EXPECT_EQ(outgoing(message, as_guest())->content_type, "text/unknown");
}

TEST(Outgoing, LeavesOutWhatBelongsToAnotherTransport) {
  const auto message = with({{"message-id", "1"},
                             {"ack", "1"},
                             {"subscription", "1"},
                             {"redelivered", "true"},
                             {"receipt", "1"},
                             {"receipt-id", "1"},
                             {"content-length", "1"},
                             {"transaction", "1"},
                             {"destination", "/queue/x"},
                             {"amqp-exchange", "e"},
                             {"amqp-routing-key", "k"}});
  EXPECT_THAT(outgoing(message, as_guest())->table, IsEmpty());
  MappingOptions keeping = as_guest();
  keeping.keep_stripped = true;
  keeping.strip = {"message-id"};
  const auto message_id_only = with({{"message-id", "1"}});
  EXPECT_THAT(outgoing(message_id_only, keeping)->table, ElementsAre(Pair("x-orig-message-id", "1")));
}

struct Unfitting {
  const char* name;
  const char* value;
};
class UnfitHeader : public testing::TestWithParam<Unfitting> {};

TEST_P(UnfitHeader, IsKeptDroppedOrRefusedAsAsked) {
  const auto message = with({{GetParam().name, GetParam().value}});
  MappingOptions options = as_guest();
  const auto kept = outgoing(message, options);
  ASSERT_TRUE(kept);
  EXPECT_THAT(kept->table, ElementsAre(Pair(std::string("x-orig-") + GetParam().name, GetParam().value)));
  options.unfit = Unfit::drop;
  EXPECT_THAT(outgoing(message, options)->table, IsEmpty());
  options.unfit = Unfit::refuse;
  ASSERT_FALSE(outgoing(message, options));
  EXPECT_THAT(outgoing(message, options).error(), HasSubstr(GetParam().name));
}

INSTANTIATE_TEST_SUITE_P(Mapping, UnfitHeader,
                         testing::Values(Unfitting{"priority", "256"}, Unfitting{"priority", "-1"},
                                         Unfitting{"priority", "high"}, Unfitting{"priority", ""},
                                         Unfitting{"timestamp", "1.5"},
                                         Unfitting{"timestamp", "18446744073709551616"},
                                         Unfitting{"timestamp", " 1"}, Unfitting{"persistent", "yes"},
                                         Unfitting{"expiration", "soon"}, Unfitting{"expiration", "-1"},
                                         Unfitting{"user-id", "somebody"}, Unfitting{"CC", "x"},
                                         Unfitting{"BCC", "x"}));

TEST(Outgoing, RefusesNamesThatNoTableCanHold) {
  const auto fits = with({{std::string(255, 'n'), "v"}});
  EXPECT_TRUE(outgoing(fits, as_guest()));
  const auto too_long = with({{std::string(256, 'n'), "v"}});
  EXPECT_FALSE(outgoing(too_long, as_guest()));
  // A property of 256 bytes becomes an entry whose own name is short.
  const auto long_value = with({{"type", std::string(256, 't')}});
  EXPECT_THAT(outgoing(long_value, as_guest())->table,
              ElementsAre(Pair("x-orig-type", std::string(256, 't'))));
}

TEST(Outgoing, CountsWhatTheHeaderFrameWillHold) {
  const auto message = with({{"type", "tttt"}, {"name", "value"}});
  EXPECT_EQ(outgoing(message, as_guest())->encoded_size() - Properties{}.encoded_size(),
            1U + 4 + 1 + 4 + 5 + 5);
}

amqp_field_value_t value(char kind) {
  amqp_field_value_t result{};
  result.kind = static_cast<std::uint8_t>(kind);
  return result;
}

TEST(TextOf, WritesEveryTypeAsText) {
  const auto text = [](amqp_field_value_t field) { return text_of(field)->value_or("(null)"); };
  amqp_field_value_t field = value('t');
  EXPECT_EQ(text(field), "false");
  field.value.boolean = 1;
  EXPECT_EQ(text(field), "true");
  field = value('b');
  field.value.i8 = -128;
  EXPECT_EQ(text(field), "-128");
  field = value('B');
  field.value.u8 = 200;
  EXPECT_EQ(text(field), "200");
  field = value('s');
  field.value.i16 = -32768;
  EXPECT_EQ(text(field), "-32768");
  field = value('u');
  field.value.u16 = 65535;
  EXPECT_EQ(text(field), "65535");
  field = value('I');
  field.value.i32 = -2147483647;
  EXPECT_EQ(text(field), "-2147483647");
  field = value('i');
  field.value.u32 = 4294967295U;
  EXPECT_EQ(text(field), "4294967295");
  field = value('l');
  field.value.i64 = INT64_MIN;
  EXPECT_EQ(text(field), "-9223372036854775808");
  field = value('L');
  field.value.u64 = UINT64_MAX;
  EXPECT_EQ(text(field), "18446744073709551615");
  field = value('T');
  field.value.u64 = 1700000000;
  EXPECT_EQ(text(field), "1700000000");
  field = value('f');
  field.value.f32 = 0.1F;
  EXPECT_EQ(text(field), "0.1");
  field = value('d');
  field.value.f64 = 0.1;
  EXPECT_EQ(text(field), "0.1");
  EXPECT_EQ(text(value('V')), "(null)");
  field = value('S');
  field.value.bytes = bytes("w\xc3\xa4rme");
  EXPECT_EQ(text(field), "w\xc3\xa4rme");
  field.value.bytes = bytes("\xff");
  EXPECT_EQ(text(field), "/w==");
  field = value('x');
  field.value.bytes = bytes("abc");
  EXPECT_EQ(text(field), "YWJj");
  EXPECT_FALSE(text_of(value('?')));
}

TEST(TextOf, WritesDecimals) {
  const auto text = [](std::uint8_t decimals, std::int32_t number) {
    amqp_field_value_t field = value('D');
    field.value.decimal = {decimals, static_cast<std::uint32_t>(number)};
    return **text_of(field);
  };
  EXPECT_EQ(text(0, 7), "7");
  EXPECT_EQ(text(2, 314), "3.14");
  EXPECT_EQ(text(3, 5), "0.005");
  EXPECT_EQ(text(2, -5), "-0.05");
}

TEST(TextOf, RefusesEndlessNesting) {
  std::vector<amqp_field_value_t> levels(100, value('A'));
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) levels[i].value.array = {1, &levels[i + 1]};
  EXPECT_FALSE(text_of(levels[0]));
  EXPECT_EQ(**text_of(levels[90]), "[[[[[[[[[[]]]]]]]]]]");
}

TEST(Incoming, LetsAPropertyWinOverAnEntryOfTheSameName) {
  amqp_table_entry_t entries[2]{};
  entries[0].key = bytes("type");
  entries[0].value = value('S');
  entries[0].value.value.bytes = bytes("entry");
  entries[1].key = bytes("none");
  entries[1].value = value('V');
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.headers = {2, entries};
  properties.type = bytes("property");
  properties.delivery_mode = 1;
  const auto header = incoming(properties, {"e", "k", true});
  ASSERT_TRUE(header);
  const message::Header expected = {
      {"type", "property"}, {"amqp-exchange", "e"}, {"amqp-routing-key", "k"}, {"redelivered", "true"}};
  EXPECT_EQ(*header, expected);
}

TEST(Incoming, RefusesANameThatIsNoUtf8) {
  amqp_table_entry_t entry{};
  entry.key = bytes("\xff");
  entry.value = value('t');
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_HEADERS_FLAG;
  properties.headers = {1, &entry};
  EXPECT_FALSE(incoming(properties, {}));
}

TEST(IsText, IsWhatSaysSoAndIsUtf8) {
  EXPECT_TRUE(is_text("text/plain", "gr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(is_text("TEXT/plain", ""));
  EXPECT_TRUE(is_text("application/json; charset=utf-8", "{}"));
  EXPECT_TRUE(is_text("application/json;charset=\"UTF-8\"; x=y", "{}"));
  EXPECT_TRUE(is_text("text/plain; charset=US-ASCII", "a"));
  EXPECT_FALSE(is_text("text/plain; charset=iso-8859-1", "a"));
  EXPECT_FALSE(is_text("text/plain", "\xff"));
  EXPECT_FALSE(is_text("application/json", "{}"));
  EXPECT_FALSE(is_text("text/", ""));
  EXPECT_FALSE(is_text("", ""));
}

}  // namespace
}  // namespace simplevisor::amqp
