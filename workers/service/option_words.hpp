// workers/service/option_words.hpp
//
// The options of a program that has a table of settings: --NAME for each, declared one by one, and afterwards what was
// said of each on the command line, to be set by the same code that reads a file.
//
// Ownership  CLI11 keeps addresses into this object: it stays where it is until the command line is parsed.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace simplevisor::service {

enum class Takes {
  nothing,  // a flag; --no-NAME denies it
  one,      // a value; of several the last counts
  many,     // a value each time, all of which count
};

class OptionWords {
 public:
  struct Said {
    std::string name;
    Takes takes = Takes::one;
    std::vector<std::string> words;
    int flag = 0;  // 1 given, -1 denied
  };

  OptionWords() = default;
  OptionWords(const OptionWords&) = delete;
  OptionWords& operator=(const OptionWords&) = delete;

  // `also`: further spellings, "-c".
  void declare(CLI::App& app, std::string_view name, Takes takes, std::string_view help,
               std::string_view also = {});

  // Those that were said, in the order of their declaration.
  [[nodiscard]] std::vector<Said> said() const;
  // The same as an object: strings, arrays of strings, booleans.
  [[nodiscard]] boost::json::object object() const;

 private:
  std::deque<Said> options_;
};

}  // namespace simplevisor::service
