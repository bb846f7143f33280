// tests/config/schema_test.cpp
//
// The loader and the JSON Schema accept and refuse the same documents: for every key of every section its example,
// every choice, both ends of its bounds, and values that are wrong in form, all made from the table of keys. The
// schema is asked through Debian's python3-jsonschema; without it these tests fail.
//
// Left out is what a schema of single values cannot know: what refers to other nodes, and bounds of durations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/config/keys.hpp"
#include "supervisor/config/schema.hpp"
#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

struct Document {
  std::string about;
  std::string text;
  bool expected = true;
};

struct Samples {
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

std::string in_quotes(std::string_view text) {
  return "\"" + std::string{text} + "\"";
}

// Values of a form. Wrong types are those that no form takes for another one.
Samples samples_of(const Key& key) {
  Samples all;
  if (!key.example.empty()) all.good.emplace_back(key.example);
  if (!key.fallback.empty()) all.good.emplace_back(key.fallback);
  const auto good = [&](std::initializer_list<const char*> values) {
    all.good.insert(all.good.end(), values.begin(), values.end());
  };
  const auto bad = [&](std::initializer_list<const char*> values) {
    all.bad.insert(all.bad.end(), values.begin(), values.end());
  };
  const auto bounds = [&] {
    all.good.push_back(std::to_string(key.min));
    all.good.push_back(std::to_string(key.max));
    all.bad.push_back(std::to_string(key.min - 1));
    all.bad.push_back(std::to_string(key.max + 1));
  };
  bad({"2024-02-29"});
  switch (key.form) {
    case Form::boolean:
      good({"true", "false"});
      bad({"0", "1", "\"true\"", "[]", "{}"});
      break;
    case Form::integer:
      bounds();
      bad({"1.5", "\"1\"", "true", "[]", "{}"});
      break;
    case Form::instances:
      bounds();
      bad({"1.5", "\"1\"", "true", "[]", "{ min = 1, max = 3 }"});
      break;
    case Form::number:
      bounds();
      bad({"\"1\"", "true", "[]", "{}"});
      break;
    case Form::duration:
      good({"\"250ms\"", "\"20s\"", "\"5m\"", "\"5min\"", "\"1d2h3min4s5ms\""});
      bad({"5", "5.5", "\"\"", "\"5\"", "\"5 s\"", "\"1s1h\"", "\"5sec\"", "\"-5s\"", "true", "[]", "{}"});
      if (key.min == 0) good({"0", "\"0\""});
      break;
    case Form::size:
      good({"\"8192B\"", "\"64kB\"", "\"64KiB\"", "\"1GiB\""});
      bad({"8192", "\"8192\"", "\"8 KiB\"", "\"8kib\"", "\"\"", "true", "[]", "{}"});
      break;
    case Form::choice:
      for (const Choice& each : key.choices) all.good.push_back(in_quotes(each.name));
      bad({"\"\"", "\"nonsense\"", "0", "true", "[]", "{}"});
      break;
    case Form::text:
    case Form::path:
      bad({"\"\"", "5", "true", "[]", "{}"});
      break;
    case Form::node_name:
      bad({"\"\"", "\"a b\"", "\".a\"", "\"-a\"", "\"a/b\"", "5", "true", "[]", "{}"});
      all.bad.push_back(in_quotes(std::string(65, 'a')));
      break;
    case Form::words:
      good({"[\"a\"]", "[\"a\", \"\"]"});
      bad({"[]", "\"a\"", "[1]", "[\"a\", 1]", "[[\"a\"]]", "5", "{}"});
      break;
    case Form::node_names:
      bad({"\"a\"", "[1]", "[\"a b\"]", "[\"\"]", "5", "{}"});
      break;
    case Form::globs:
      good({"[]"});
      bad({"\"a\"", "[1]", "[\"\"]", "5", "{}"});
      break;
    case Form::environment:
      good({"{}", "{ A_1 = \"\" }"});
      bad({"{ A = 1 }", "{ \"A B\" = \"\" }", "{ 1A = \"\" }", "{ A = [] }", "\"a\"", "[]"});
      break;
    case Form::anything:
      good({"{}", "{ a = [1, { b = 2024-02-29 }], \"c d\" = 1.5 }"});
      bad({"[]", "\"a\"", "5"});
      break;
    case Form::shutdown:
      good({"\"20s\"", "\"brutal_kill\"", "\"infinity\""});
      bad({"5", "\"5\"", "\"never\"", "\"\"", "true", "[]", "{}"});
      break;
    case Form::output:
      for (const Choice& each : key.choices) all.good.push_back(in_quotes(each.name));
      good({"{ file = \"x\" }"});
      bad({"\"file\"", "\"\"", "{}", "{ file = 5 }", "{ file = \"\" }", "{ file = \"x\", mode = 1 }", "5",
           "[]"});
      break;
    case Form::umask:
      bounds();
      good({"\"022\"", "\"0o022\"", "\"0\"", "\"0777\""});
      bad({"\"8\"", "\"1000\"", "\"0o\"", "\"\"", "1.5", "true", "[]", "{}"});
      break;
    case Form::signal:
      bounds();
      for (const Choice& each : signals()) {
        all.good.push_back(in_quotes(each.name));
        all.good.push_back(in_quotes("SIG" + std::string{each.name}));
      }
      bad({"\"SIG\"", "\"sigterm\"", "\"15\"", "\"\"", "1.5", "true", "[]", "{}"});
      break;
    case Form::limit_bytes:
      good({"\"64MiB\"", "{ soft = \"1MiB\", hard = \"unlimited\" }"});
      bad({"\"64\"", "\"lots\""});
      [[fallthrough]];
    case Form::limit_count:
      good({"0", "5", "\"unlimited\"", "{ soft = 1, hard = 2 }", "{ soft = 1, hard = \"unlimited\" }"});
      bad({"-1", "1.5", "\"\"", "\"5\"", "true", "[]", "{}", "{ soft = 1 }",
           "{ soft = 1, hard = 2, more = 3 }", "{ soft = -1, hard = 2 }", "{ soft = {}, hard = 2 }"});
      if (key.form == Form::limit_count) bad({"\"64MiB\""});
      break;
    case Form::section:
      bad({"5", "\"x\"", "[]"});
      good({"{}"});
      break;
  }
  return all;
}

// `key = value`, or `table = { key = value }` for a key of a table within the section's.
std::string line_of(std::string_view key, const Key* table, const std::string& value) {
  const std::string line = std::string{key} + " = " + value;
  if (table == nullptr) return line;
  std::string beside;
  // The first delay must not be above the longest one.
  if (key == "initial") beside = "max = \"366d\", ";
  const bool of_tcp =
      key == "token_file" || key == "write" || key == "hosts" || key == "certificate" || key == "key";
  if (of_tcp) beside = "listen = \"127.0.0.1:1\", ";
  if (key == "listen" || (of_tcp && key != "token_file")) beside += "token_file = \"t\", ";
  if (key == "certificate") beside += "key = \"k\", ";
  if (key == "key") beside += "certificate = \"c\", ";
  return std::string{table->name} + " = { " + beside + line + " }";
}

// What some keys mean something beside only.
std::string companions(const Section& section, std::string_view key) {
  if (key == "significant") {
    return section.name == "pool" ? "restart = \"transient\"\nauto_shutdown = \"any_significant\"\n"
                                  : "restart = \"transient\"\n";
  }
  if (key == "ready") return "ready_after = \"1s\"\n";
  if (key == "ready_fd") return "ready = \"fd\"\n";
  if (key == "ready_after") return "ready = \"after\"\n";
  return {};
}

// A configuration that is valid but for what `line`, in a table of the section, may do to it.
std::string document(const Section& section, std::string_view key, const std::string& line) {
  const auto table = [&](std::string_view name) {
    return name == section.name ? companions(section, key) + line + "\n" : std::string{};
  };
  const std::string run = key == "kind" || key == "command" ? "" : "kind = \"consumer\"\n";
  std::string text = "[simplevisor]\n" + table("simplevisor");
  text += "[kind.consumer]\ncommand = [\"c\"]\n";
  text += "[kind.x]\n" + table("kind");
  text += "[supervisor.root]\nchildren = [\"s\", \"w\", \"p\"]\nauto_shutdown = \"any_significant\"\n";
  text += "[supervisor.s]\n" + table("supervisor");
  text += "[worker.w]\n" + (section.name == "worker" ? run : "command = [\"w\"]\n") + table("worker");
  text += "[pool.p]\n" + (section.name == "pool" ? run : "command = [\"p\"]\n") + table("pool");
  if (line.contains("receive"))
    text += "[worker.receive]\ncommand = [\"r\"]\n[worker.send]\ncommand = [\"s\"]\n";
  return text;
}

void add_key(std::vector<Document>& documents, const Section& section, const Key& key, const Key* table) {
  const Samples samples = samples_of(key);
  const auto add = [&](const std::string& value, bool expected) {
    const std::string line = line_of(key.name, table, value);
    documents.push_back(
        {std::string{section.heading} + " " + line, document(section, key.name, line), expected});
  };
  for (const std::string& value : samples.good) add(value, true);
  for (const std::string& value : samples.bad) add(value, false);
}

void add_unknown_key(std::vector<Document>& documents, const Section& section, const Key* table) {
  const std::string line = line_of("no_such_key", table, "1");
  documents.push_back(
      {std::string{section.heading} + " " + line, document(section, "no_such_key", line), false});
}

std::vector<Document> all_documents() {
  std::vector<Document> documents;
  for (const Section* section : sections()) {
    documents.push_back({std::string{section->heading}, document(*section, "", ""), true});
    add_unknown_key(documents, *section, nullptr);
    for (const Key& key : section->keys) {
      add_key(documents, *section, key, nullptr);
      if (key.form != Form::section) continue;
      add_unknown_key(documents, *section, &key);
      for (const Key& inner : key.section->keys) add_key(documents, *section, inner, &key);
    }
  }
  const std::string base = document(settings_section(), "", "");
  for (const char* table :
       {"[wroker.x]", "[service.x]", "[worker.\"a b\"]", "[kind.\"-\"]", "[[supervisor.y]]"}) {
    documents.push_back({table, base + table + "\n", false});
  }
  return documents;
}

// What the schema says, in the order of the documents.
std::vector<std::string> verdicts_of_schema(const TreeFiles& files, const std::vector<Document>& documents) {
  std::string all;
  for (const Document& each : documents) all += each.text + '\0';
  files.write("documents", all);
  files.write("schema.json", json_schema());
  const std::string command = "/usr/bin/python3 '" SOURCE_DIR "/tests/config/schema_check.py' '" +
                              files.path("schema.json") + "' '" + files.path("documents") + "' > '" +
                              files.path("verdicts") + "'";
  EXPECT_EQ(std::system(command.c_str()), 0)
      << "is python3-jsonschema installed? scripts/install-deps does it";
  std::ifstream file{files.path("verdicts")};
  return {std::istream_iterator<std::string>{file}, {}};
}

TEST(Schema, AcceptsAndRefusesWhatTheLoaderDoes) {
  const TreeFiles files;
  files.write("conf.d/empty.toml", "");
  const std::vector<Document> documents = all_documents();
  const auto verdicts = verdicts_of_schema(files, documents);
  ASSERT_EQ(verdicts.size(), documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const Document& each = documents[i];
    const auto complaints = files.complaints(each.text);
    EXPECT_EQ(complaints.empty(), each.expected)
        << "the loader: " << each.about << (complaints.empty() ? "" : "\n" + complaints.front());
    EXPECT_EQ(verdicts[i] == "good", each.expected) << "the schema: " << each.about;
  }
}

TEST(Schema, HasAnExampleOfEveryKeyThatIsAccepted) {
  for (const Section* section : sections()) {
    for (const Key& key : section->keys) {
      EXPECT_TRUE(!key.example.empty() || key.form == Form::section) << section->heading << " " << key.name;
    }
  }
}

}  // namespace
}  // namespace simplevisor::config
