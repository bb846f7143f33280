// tests/dirq/schema_test.cpp
//
// Schemas, tables, and the files elements are made of, against what python3-dirq and the Perl library write and read.
#include "workers/dirq/normal/schema.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "workers/dirq/normal/table.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace json = boost::json;

std::string from_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6U | static_cast<std::uint32_t>(alphabet.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
  }
  return bytes;
}

Table table_of(const json::value& value) {
  Table table;
  for (const auto& [key, text] : value.as_object())
    table.emplace(std::string(key), std::string(text.as_string()));
  return table;
}

json::object vectors() {
  std::ifstream in(std::string(VECTORS_DIR) + "/dirq-normal.json");
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  return json::parse(text).as_object();
}

Schema messages() {
  return Schema::parse({{"header", "table"}, {"binary", "binary?"}, {"text", "string?"}}).value();
}

TEST(Table, IsWrittenAsThePeersWriteIt) {
  const auto all = vectors();
  ASSERT_GE(all.at("table_encode").as_array().size(), 8U);
  for (const auto& vector : all.at("table_encode").as_array()) {
    SCOPED_TRACE(vector.at("name").as_string());
    EXPECT_EQ(encode_table(table_of(vector.at("table"))), from_base64(vector.at("file_base64").as_string()));
  }
}

TEST(Table, IsReadIfEitherPeerReadsIt) {
  const auto all = vectors();
  ASSERT_GE(all.at("table_decode").as_array().size(), 13U);
  for (const auto& vector : all.at("table_decode").as_array()) {
    SCOPED_TRACE(vector.at("name").as_string());
    const auto read = decode_table(from_base64(vector.at("file_base64").as_string()));
    const auto fails = [&](const char* peer) { return vector.at(peer).as_object().contains("__error__"); };
    ASSERT_EQ(read.has_value(), !fails("perl") || !fails("python"));
    if (read) {
      EXPECT_EQ(*read, table_of(vector.at(fails("perl") ? "python" : "perl")));
    }
  }
}

TEST(Table, ReadsBackWhateverItWrites) {
  const auto all = vectors();
  for (const auto& vector : all.at("table_encode").as_array()) {
    const Table table = table_of(vector.at("table"));
    EXPECT_EQ(decode_table(encode_table(table)).value(), table) << vector.at("name").as_string();
  }
}

TEST(Table, NamesTheLineThatIsWrong) {
  EXPECT_THAT(decode_table("a\t1\nb\n").error().message, HasSubstr("line 2"));
  EXPECT_THAT(decode_table("\n\na\t1\n\nb\t2\n").error().message, HasSubstr("line 4"));
  EXPECT_EQ(decode_table("a\n").error().code, Errc::malformed);
}

TEST(Utf8, IsStrict) {
  for (const char* text : {"", "plain", "\u00e9\u263a\U0001f600", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* bytes : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                            "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x98", "\xe2\x98z", "\xff"})
    EXPECT_FALSE(is_utf8(bytes)) << testing::PrintToString(std::string(bytes));
}

TEST(Schema, IsWrittenAsInThePeers) {
  const Schema schema = Schema::parse({{"a", "binary"},
                                       {"b", "binary?"},
                                       {"c", "string*"},
                                       {"d", "string?*"},
                                       {"e", "table?"},
                                       {"F9", "binary*?"}})
                            .value();
  std::vector<std::string> optional;
  for (const Field& field : schema.fields()) {
    if (field.optional) optional.push_back(field.name);
  }
  EXPECT_THAT(optional, ElementsAre("F9", "b", "d", "e"));
  EXPECT_EQ(schema.fields()[4].type, FieldType::string);
}

TEST(Schema, RefusesWhatThePeersRefuseAndNamesTheField) {
  for (const char* name : {"", "a b", "a/b", "..", "locked", "\u00e9", "a\n"}) {
    EXPECT_THAT(Schema::parse({{"x", "binary"}, {name, "binary"}}).error().message,
                HasSubstr("\"" + std::string(name) + "\""));
  }
  EXPECT_FALSE(Schema::parse({{std::string(65, 'x'), "binary"}}));
  for (const char* type : {"", "bytes", "binary??*", "binary!", "table*", "?", "binary ?"}) {
    const auto refused = Schema::parse({{"x", "binary"}, {"y", type}});
    ASSERT_FALSE(refused) << type;
    EXPECT_THAT(refused.error().message, HasSubstr("field y"));
  }
  EXPECT_EQ(Schema::parse({{"x", "binary?"}}).error().code, Errc::malformed);
  std::map<std::string, std::string> many;
  for (int i = 0; i < 65; ++i) many.emplace("f" + std::to_string(i), "binary");
  EXPECT_FALSE(Schema::parse(many));
}

TEST(Schema, MakesTheFilesThatThePeersMake) {
  const auto all = vectors();
  for (const auto& vector : all.at("dqn_elements").as_array()) {
    SCOPED_TRACE(vector.at("name").as_string());
    const bool text = vector.at("text").as_bool();
    const std::string body = from_base64(vector.at("body_base64").as_string());
    const Element element{{"header", table_of(vector.at("header"))}, {text ? "text" : "binary", body}};
    const Schema schema = messages();
    const auto files = schema.files_of(element);
    ASSERT_TRUE(files);
    const auto& expected = vector.at("files").as_object();
    ASSERT_EQ(files->files.size(), expected.size());
    Element read;
    for (const auto& file : files->files) {
      EXPECT_EQ(file.bytes, from_base64(expected.at(file.name).as_string())) << file.name;
      const auto field = std::ranges::find(schema.fields(), file.name, &Field::name);
      read.emplace(file.name, Schema::value_of(*field, std::string(file.bytes)).value());
    }
    EXPECT_EQ(read, element);
  }
}

TEST(Schema, RefusesElementsThatDoNotFitAndNamesTheField) {
  const Schema schema = messages();
  const auto refusal = [&](const Element& element) {
    const auto files = schema.files_of(element);
    return files ? "accepted" : files.error().message;
  };
  EXPECT_THAT(refusal({{"text", "x"}}), HasSubstr("header is missing"));
  EXPECT_THAT(refusal({{"header", "a text"}}), HasSubstr("header is no table"));
  EXPECT_THAT(refusal({{"header", Table{}}, {"text", Table{}}}), HasSubstr("text is a table"));
  EXPECT_THAT(refusal({{"header", Table{}}, {"text", "\xff"}}), HasSubstr("text is not UTF-8"));
  EXPECT_THAT(refusal({{"header", Table{{"k", "\xff"}}}}), HasSubstr("header is not UTF-8"));
  EXPECT_THAT(refusal({{"header", Table{}}, {"body", "x"}}), HasSubstr("body is not in the schema"));
  EXPECT_EQ(refusal({{"header", Table{}}, {"binary", "\xff"}}), "accepted");
  EXPECT_THAT(Schema().files_of({}).error().message, HasSubstr("without a schema"));
}

TEST(Schema, RefusesFilesThatDoNotHoldTheirType) {
  const Field text{"text", FieldType::string, false};
  const Field table{"header", FieldType::table, false};
  EXPECT_FALSE(Schema::value_of(text, "\xff"));
  EXPECT_FALSE(Schema::value_of(table, "\xff\t1\n"));
  EXPECT_FALSE(Schema::value_of(table, "no tab"));
}

}  // namespace
}  // namespace simplevisor::dirq
