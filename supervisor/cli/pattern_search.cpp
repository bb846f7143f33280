#include "supervisor/cli/pattern_search.hpp"

#include <regex.h>

namespace simplevisor::cli {

struct PatternSearch::Compiled {
  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() {
    if (made) ::regfree(&regex);
  }
  regex_t regex{};
  bool made = false;
};

std::expected<PatternSearch, std::string> PatternSearch::of(const std::string& expression) {
  auto compiled = std::make_shared<Compiled>();
  const int error = ::regcomp(&compiled->regex, expression.c_str(), REG_EXTENDED);
  if (error != 0) {
    std::string message(::regerror(error, &compiled->regex, nullptr, 0), '\0');
    ::regerror(error, &compiled->regex, message.data(), message.size());
    message.resize(message.empty() ? 0 : message.size() - 1);
    return std::unexpected(std::move(message));
  }
  compiled->made = true;
  return PatternSearch{std::move(compiled)};
}

bool PatternSearch::matches(std::string_view text) const {
  // By its bounds: what a worker prints may have any bytes in it.
  regmatch_t bounds{.rm_so = 0, .rm_eo = static_cast<regoff_t>(text.size())};
  return ::regexec(&compiled_->regex, text.data(), 1, &bounds, REG_STARTEND) == 0;
}

}  // namespace simplevisor::cli
