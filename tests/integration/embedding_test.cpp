// The library inside a program that is not ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

using testing::HasSubstr;

TEST(Embedding, TheExampleShowsItsTreeAndStopsIt) {
  const Host host("[worker.a]\ncommand = [\"/bin/sleep\", \"1000\"]\nshutdown = \"brutal_kill\"\n");
  const Outcome outcome = run({EXAMPLE_EMBED, host.dir() + "/tree.toml"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("root/a"));
  EXPECT_THAT(outcome.out, HasSubstr("running"));
}

TEST(Embedding, TheExampleSaysWhatIsWrongWithAFile) {
  const Host host("[worker.a]\ncomand = [\"/bin/sleep\", \"1000\"]\n");
  const Outcome outcome = run({EXAMPLE_EMBED, host.dir() + "/tree.toml"});
  EXPECT_EQ(outcome.exit_code, 8);
  EXPECT_THAT(outcome.err, HasSubstr("command"));
}

}  // namespace
}  // namespace simplevisor::integration
