// What the generator of manuals and completions is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "supervisor/cli/command_table.hpp"
#include "supervisor/documents/completions.hpp"
#include "supervisor/documents/made.hpp"
#include "supervisor/documents/regions.hpp"
#include "supervisor/documents/roff.hpp"

namespace simplevisor::documents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view help_text =
    "Does a thing.\n"
    "Usage: thing [OPTIONS] [FILE...]\n"
    "\n"
    "Positionals:\n"
    "  FILE TEXT ... Excludes: --field\n"
    "                              what it is done to\n"
    "\n"
    "Options:\n"
    "  -h,--help                   Print this help message and exit\n"
    "  -q,--quiet,--no-quiet{-1}   say nothing\n"
    "  --field TEXT Excludes: FILE --lines\n"
    "                              the part\n"
    "  --old INT:INT in [0 - 2147483647]=600\n"
    "                              seconds; 0: never\n"
    "  --kind TEXT=none            none, some\n"
    "\n"
    "Exit status: 0 done, 65 not a name, or not a file, 75 later (or never): try\n"
    "again, 78 settings.\n";

TEST(HelpText, IsUnderstoodItemByItem) {
  const auto help = parse_help(help_text);
  ASSERT_TRUE(help) << help.error();
  EXPECT_EQ(help->purpose, "Does a thing.");
  EXPECT_EQ(help->usage, "thing [OPTIONS] [FILE...]");
  ASSERT_THAT(help->arguments, SizeIs(1));
  EXPECT_THAT(help->arguments[0].names, ElementsAre("FILE"));
  EXPECT_EQ(help->arguments[0].text, "what it is done to");
  ASSERT_THAT(help->options, SizeIs(5));
  EXPECT_THAT(help->options[1].names, ElementsAre("-q", "--quiet", "--no-quiet"));
  EXPECT_EQ(help->options[1].value, "");
  EXPECT_EQ(help->options[2].value, "VALUE");
  EXPECT_EQ(help->options[2].text, "the part");
  EXPECT_EQ(help->options[3].value, "NUMBER");
  EXPECT_EQ(help->options[3].initial, "600");
  EXPECT_EQ(help->options[4].initial, "none");
}

TEST(HelpText, OfAnotherFormIsRefused) {
  for (const std::string_view text : {"", "Does a thing.\n", "segmentation fault\ncore dumped\n",
                                      "A.\nUsage: a\n\nOptions:\n  --unfinished\n"}) {
    EXPECT_FALSE(parse_help(text)) << text;
  }
}

TEST(HelpText, HasExitCodesWithTheirMeanings) {
  const auto help = parse_help(help_text);
  ASSERT_TRUE(help);
  std::vector<std::string> said;
  for (const ExitMeaning& exit : exits_in(help->footer)) said.push_back(exit.code + "=" + exit.meaning);
  EXPECT_THAT(said, ElementsAre("0=done", "65=not a name, or not a file", "75=later (or never): try again",
                                "78=settings"));
  EXPECT_THAT(exits_in("nothing of the kind"), IsEmpty());
}

TEST(Regions, AreMadeAnewAndTheRestIsKept) {
  const auto make = [](std::string_view name) -> std::optional<std::string> {
    if (name != "words") return std::nullopt;
    return "new\n";
  };
  const auto page = with_regions("a\n.\\\" made: words\nold\n.\\\" end of words\nb\n", Markup::roff, make);
  EXPECT_EQ(page.value_or(""), "a\n.\\\" made: words\nnew\n.\\\" end of words\nb\n");
  const auto text = with_regions("<!-- made: words -->\n<!-- end of words -->\n", Markup::markdown, make);
  EXPECT_EQ(text.value_or(""), "<!-- made: words -->\nnew\n<!-- end of words -->\n");
  EXPECT_FALSE(with_regions("<!-- made: words -->\n", Markup::markdown, make));
  EXPECT_FALSE(with_regions("<!-- made: sounds -->\n<!-- end of sounds -->\n", Markup::markdown, make));
}

TEST(Roff, NothingInATextIsARequestOrAnEscape) {
  EXPECT_EQ(roff(".so /etc/passwd"), "\\&.so /etc/passwd");
  EXPECT_EQ(roff("a\n'b"), "a\n\\&\\(aqb");
  EXPECT_EQ(roff("c:\\d --e"), "c:\\ed \\-\\-e");
  EXPECT_EQ(roff_marked("say `--json` twice"), "say \\fB\\-\\-json\\fR twice");
}

TEST(Made, NamesEveryCommandAndHidesWhatIsHidden) {
  const AskHelp nobody = [](std::string_view, std::string_view) { return HelpText{}; };
  const std::string page = made_roff("commands", nobody).value_or("");
  const std::string table = made_markdown("commands").value_or("");
  for (const cli::CommandRow& command : cli::commands_table()) {
    const std::string in_page = bold(command.name);
    const std::string in_table = "| `" + cli::usage_of(command) + "` |";
    if (command.hidden) {
      EXPECT_THAT(page, Not(HasSubstr(in_page)));
      EXPECT_THAT(table, Not(HasSubstr(in_table)));
    } else {
      EXPECT_THAT(page, HasSubstr(in_page));
      EXPECT_THAT(table, HasSubstr(in_table));
    }
  }
  EXPECT_EQ(made_roff("nothing", nobody), std::nullopt);
  EXPECT_EQ(made_markdown("nothing"), std::nullopt);
}

TEST(Completions, HaveNoPlaceLeftOpen) {
  for (const std::string& script : {bash_completion(), zsh_completion(), fish_completion()}) {
    EXPECT_THAT(script, Not(HasSubstr("@VALUE")));
    EXPECT_THAT(script, HasSubstr("check_configuration"));
    EXPECT_THAT(script, HasSubstr("--conf"));
  }
}

}  // namespace
}  // namespace simplevisor::documents
