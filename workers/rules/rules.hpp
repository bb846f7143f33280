// workers/rules/rules.hpp
//
// Declared rules, and what they do to a message. See README.md for the language.
//
// Input      a JSON array of objects: if, set, remove, rename, body, copy-to, then; "_" serves as "-".
// Bounds     1,000 rules; a header field that a rule makes may have 64 KiB.
// Errors     parsing: all of them, each with the number of its rule, from 1. Applying: why the message cannot be made
//            what a rule wants; it is as it was then.
// Threads    rules may be applied from several at once.
#pragma once

#include <boost/json/value.hpp>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/message/message.hpp"
#include "workers/rules/condition.hpp"
#include "workers/rules/text_template.hpp"

namespace simplevisor::rules {

enum class Then : std::uint8_t { go_on, accept, reject };

struct Rule {
  std::optional<Condition> condition;  // none: always
  std::map<std::string, TextTemplate> set;
  std::vector<std::string> remove;  // names, or globs with * and ?
  std::map<std::string, std::string> rename;
  std::optional<bool> text;
  std::string copy_to;  // path of a directory queue
  Then then = Then::go_on;
};

// A copy as the message was when its rule wanted one.
struct Copy {
  std::string queue;
  message::Message message;
};

struct Verdict {
  bool accepted = true;
  std::size_t rule = 0;  // that decided, from 1; 0: none did
  std::vector<Copy> copies;
};

class Rules {
 public:
  // The problems, one line each.
  static std::expected<Rules, std::vector<std::string>> parse(const boost::json::value& given,
                                                              World world = World::ours());

  // Changes `message`.
  [[nodiscard]] std::expected<Verdict, std::string> apply(message::Message& message) const;

  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }

 private:
  std::vector<Rule> rules_;
  World world_;
};

}  // namespace simplevisor::rules
