// supervisor/config/schema.cpp
#include "supervisor/config/schema.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "supervisor/config/json_value.hpp"
#include "supervisor/config/keys.hpp"
#include "supervisor/config/units.hpp"

namespace simplevisor::config {
namespace {

// JSON, two blanks a level. Names of members may be empty in arrays.
class Writer {
 public:
  void open(std::string_view name, char bracket) {
    begin(name);
    text_ += bracket;
    closers_ += bracket == '{' ? '}' : ']';
    first_ = true;
  }
  void close() {
    const char closer = closers_.back();
    closers_.pop_back();
    if (!first_) new_line();
    text_ += closer;
    first_ = false;
  }
  void string(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
  }
  // Numbers, true, false, or JSON that is there already.
  void raw(std::string_view name, std::string_view value) {
    begin(name);
    text_ += value;
  }
  void integer(std::string_view name, std::int64_t value) { raw(name, std::to_string(value)); }
  std::string take() && { return std::move(text_) + "\n"; }

 private:
  void begin(std::string_view name) {
    if (!closers_.empty()) {
      if (!first_) text_ += ',';
      new_line();
    }
    first_ = false;
    if (name.empty()) return;
    append_json_string(text_, name);
    text_ += ": ";
  }
  void new_line() { text_.append(1, '\n').append(2 * closers_.size(), ' '); }

  std::string text_;
  std::string closers_;
  bool first_ = true;
};

class Schema {
 public:
  std::string run() {
    writer_.open({}, '{');
    writer_.string("$schema", "https://json-schema.org/draft/2020-12/schema");
    writer_.string("title", "simplevisor configuration");
    writer_.string("type", "object");
    writer_.raw("additionalProperties", "false");
    writer_.open("properties", '{');
    for (const Section* section : sections()) {
      writer_.open(section->name, '{');
      if (section == &settings_section()) {
        members(*section);
      } else {
        nodes(*section);
      }
      writer_.close();
    }
    writer_.close();
    writer_.close();
    return std::move(writer_).take();
  }

 private:
  // A table of named tables, as [worker.NAME].
  void nodes(const Section& section) {
    writer_.string("description", section.meaning);
    writer_.string("type", "object");
    writer_.open("propertyNames", '{');
    writer_.string("pattern", node_name_pattern);
    writer_.close();
    writer_.open("additionalProperties", '{');
    members(section);
    writer_.close();
  }

  void members(const Section& section) {
    writer_.string("description", section.meaning);
    writer_.string("type", "object");
    writer_.raw("additionalProperties", "false");
    writer_.open("properties", '{');
    for (const Key& key : section.keys) {
      writer_.open(key.name, '{');
      if (key.form == Form::section) {
        members(*key.section);
      } else {
        writer_.string("description", described(key));
        value(key);
      }
      writer_.close();
    }
    writer_.close();
  }

  static std::string described(const Key& key) {
    if (key.fallback.empty()) return std::string{key.meaning};
    return fmt::format("{} (default: {})", key.meaning, key.fallback);
  }

  void value(const Key& key) {
    switch (key.form) {
      case Form::boolean:
        return writer_.string("type", "boolean");
      case Form::integer:
      case Form::instances:
        return range("integer", key);
      case Form::number:
        return range("number", key);
      case Form::duration:
        return alternatives([&] {
          zero();
          pattern(duration_pattern);
        });
      case Form::size:
        return alternatives([&] {
          zero();
          pattern(size_pattern);
        });
      case Form::choice:
        return choices(key.choices);
      case Form::text:
      case Form::path:
        return filled_string();
      case Form::node_name:
        writer_.string("type", "string");
        return writer_.string("pattern", node_name_pattern);
      case Form::words:
        writer_.string("type", "array");
        writer_.integer("minItems", 1);
        return items([&] { writer_.string("type", "string"); });
      case Form::node_names:
        writer_.string("type", "array");
        return items([&] {
          writer_.string("type", "string");
          writer_.string("pattern", node_name_pattern);
        });
      case Form::globs:
        writer_.string("type", "array");
        return items([&] { filled_string(); });
      case Form::environment:
        return environment();
      case Form::anything:
        return writer_.string("type", "object");
      case Form::shutdown:
        return alternatives([&] {
          pattern(duration_pattern);
          alternative([&] { writer_.raw("enum", R"(["brutal_kill", "infinity"])"); });
        });
      case Form::output:
        return alternatives([&] {
          alternative([&] { choices(key.choices); });
          alternative([&] { table_of({"file"}, [&] { filled_string(); }); });
        });
      case Form::umask:
        return alternatives([&] {
          alternative([&] { range("integer", key); });
          pattern("^(0o)?0?[0-7]{1,3}$");
        });
      case Form::signal:
        return alternatives([&] {
          alternative([&] { range("integer", key); });
          alternative([&] { signal_names(); });
        });
      case Form::limit_bytes:
      case Form::limit_count:
        return alternatives([&] {
          limit_values(key.form);
          alternative(
              [&] { table_of({"soft", "hard"}, [&] { alternatives([&] { limit_values(key.form); }); }); });
        });
      case Form::section:
        break;  // members() goes into it
    }
  }

  void range(std::string_view type, const Key& key) {
    writer_.string("type", type);
    writer_.integer("minimum", key.min);
    writer_.integer("maximum", key.max);
  }

  void choices(std::span<const Choice> all) {
    std::vector<std::string> names;
    for (const Choice& each : all) names.emplace_back(each.name);
    enumeration(names);
  }

  void signal_names() {
    std::vector<std::string> names;
    for (const Choice& each : signals()) names.emplace_back(each.name);
    for (const Choice& each : signals()) names.push_back(std::string{"SIG"}.append(each.name));
    enumeration(names);
  }

  void enumeration(const std::vector<std::string>& names) {
    std::string json;
    for (const std::string& name : names) {
      json += json.empty() ? "[" : ", ";
      append_json_string(json, name);
    }
    writer_.raw("enum", json + "]");
  }

  void filled_string() {
    writer_.string("type", "string");
    writer_.integer("minLength", 1);
  }

  template <class Body>
  void items(Body body) {
    writer_.open("items", '{');
    body();
    writer_.close();
  }

  template <class Body>
  void alternatives(Body body) {
    writer_.open("anyOf", '[');
    body();
    writer_.close();
  }

  template <class Body>
  void alternative(Body body) {
    writer_.open({}, '{');
    body();
    writer_.close();
  }

  void zero() {
    alternative([&] { writer_.integer("const", 0); });
  }

  void pattern(std::string_view expression) {
    alternative([&] {
      writer_.string("type", "string");
      writer_.string("pattern", expression);
    });
  }

  void limit_values(Form form) {
    alternative([&] {
      writer_.string("type", "integer");
      writer_.integer("minimum", 0);
    });
    alternative([&] { writer_.string("const", "unlimited"); });
    if (form == Form::limit_bytes) pattern(size_pattern);
  }

  template <class Body>
  void table_of(std::initializer_list<std::string_view> names, Body body) {
    writer_.string("type", "object");
    writer_.raw("additionalProperties", "false");
    writer_.open("required", '[');
    for (const std::string_view name : names) writer_.string({}, name);
    writer_.close();
    writer_.open("properties", '{');
    for (const std::string_view name : names) {
      writer_.open(name, '{');
      body();
      writer_.close();
    }
    writer_.close();
  }

  void environment() {
    writer_.string("type", "object");
    writer_.open("propertyNames", '{');
    writer_.string("pattern", environment_name_pattern);
    writer_.close();
    writer_.open("additionalProperties", '{');
    writer_.string("type", "string");
    writer_.close();
  }

  Writer writer_;
};

}  // namespace

std::string json_schema() {
  return Schema{}.run();
}

}  // namespace simplevisor::config
