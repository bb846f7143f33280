// tests/dirq/normal_support.hpp
//
// What the tests of normal queues share: a queue of messages, and a look at everything that is on disk.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/dirq/support.hpp"
#include "workers/dirq/normal/queue.hpp"

namespace simplevisor::dirq::testing_support {

inline Schema message_schema() {
  return Schema::parse({{"header", "table"}, {"binary", "binary?"}, {"text", "string?"}}).value();
}

inline Element message(const std::string& text) {
  return {{"header", Table{{"text", text}, {"escaped\t", "\\n\n"}}}, {"text", text}};
}

inline std::string text_of(const Element& element) {
  EXPECT_EQ(std::get<Table>(element.at("header")).at("escaped\t"), "\\n\n");
  return std::get<std::string>(element.at("text"));
}

class NormalTest : public QueueTest {
 protected:
  [[nodiscard]] NormalQueue open_normal(NormalOptions options = {}) const {
    if (options.schema.fields().empty()) options.schema = message_schema();
    return NormalQueue::open(path.string(), std::move(options)).value();
  }

  // Everything below the queue, directories with a slash behind them, sorted.
  [[nodiscard]] std::vector<std::string> tree(const fs::path& below = {}) const {
    std::set<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path / below)) {
      found.insert(fs::relative(entry.path(), path).string() + (entry.is_directory() ? "/" : ""));
    }
    return {found.begin(), found.end()};
  }
  // What is neither in the queue nor a directory that is always there.
  [[nodiscard]] std::vector<std::string> rubbish() const {
    std::vector<std::string> found = tree("temporary");
    const auto obsolete = tree("obsolete");
    found.insert(found.end(), obsolete.begin(), obsolete.end());
    return found;
  }
  // Everything becomes old: elements, their locks, what is in temporary and obsolete.
  void age_all(std::chrono::seconds by) const {
    for (const std::string& name : tree()) age(path / name, by);
  }
  [[nodiscard]] bool on_disk(const ElementName& name, const std::string& what = "") const {
    return fs::exists(path / name.str() / what);
  }

  // Takes everything there is, and returns the texts in the order they came.
  static std::vector<std::string> drain_normal(NormalQueue& queue) {
    std::vector<std::string> texts;
    while (auto lock = queue.take().value()) {
      texts.push_back(text_of(lock->get().value()));
      EXPECT_TRUE(lock->remove());
    }
    return texts;
  }
};

}  // namespace simplevisor::dirq::testing_support
