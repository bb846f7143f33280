// A file that comes in parts: in any order, several times, to several at once, of several versions.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <fstream>
#include <random>
#include <thread>

#include "tests/sarra/parts.hpp"
#include "workers/message/text.hpp"
#include "workers/sarra/assembly.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/time.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

using AssemblyTest = PartsTest;

TEST_F(AssemblyTest, PutsTogetherWhatComesInAnyOrderAndSeveralTimes) {
  const Posting posted = posting();
  ASSERT_EQ(posted.count(), 4U);
  for (const std::size_t number : {3U, 1U, 1U, 0U, 3U}) {
    EXPECT_EQ(fetch(posted.at(number)), "");
    EXPECT_FALSE(is_there());
    EXPECT_EQ(working_files(), 1U);
  }
  EXPECT_EQ(fetch(posted.at(2)), "");
  EXPECT_EQ(got(), data);
  EXPECT_EQ(working_files(), 0U);
  EXPECT_EQ(fs::last_write_time(directory / "in/f"), fs::last_write_time(directory / "site/f"));
}

TEST_F(AssemblyTest, APartThatComesOnceMoreAfterwardsIsNoNewBeginning) {
  const Posting posted = posting();
  for (std::size_t number = 0; number < 4; ++number) EXPECT_EQ(fetch(posted.at(number)), "");
  fs::remove(directory / "in/f");  // whoever wanted it has taken it away
  EXPECT_EQ(fetch(posted.at(1)), "");
  EXPECT_EQ(working_files(), 0U);
  // But announced once more it is fetched once more.
  const Posting again = posting();
  for (std::size_t number = 0; number < 4; ++number) EXPECT_EQ(fetch(again.at(number)), "");
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, WhatIsInIsNotFetchedAgain) {
  const Posting posted = posting();
  EXPECT_EQ(fetch(posted.at(0)), "");
  write("f", std::string(block, 'X') + data.substr(block));
  EXPECT_EQ(fetch(posted.at(0)), "") << "or its checksum would be wrong";
  for (const std::size_t number : {1U, 2U, 3U}) EXPECT_EQ(fetch(posted.at(number)), "");
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, AWrongPartIsRefusedAndTheOthersStay) {
  const Posting posted = posting();
  for (const std::size_t number : {0U, 1U, 3U}) EXPECT_EQ(fetch(posted.at(number)), "");
  std::string damaged = data;
  damaged[2 * block] = 'X';
  write("f", damaged);
  EXPECT_THAT(fetch(posted.at(2)), AllOf(HasSubstr("part 2: sha512 is"), HasSubstr("as announced")));
  EXPECT_FALSE(temporary);
  EXPECT_FALSE(is_there());
  write("f", data.substr(0, 2 * block + 10));
  EXPECT_NE(fetch(posted.at(2)), "") << "and one that is too short";
  write("f", data);
  EXPECT_EQ(fetch(posted.at(2)), "");
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, AWholeThatIsNotAsAnnouncedNeverGetsItsName) {
  // Nobody looks at the parts, as with announcements of sr3, and one of them changed.
  settings.verify_parts = false;
  const Posting posted = posting();
  EXPECT_EQ(fetch(posted.at(0)), "");
  write("f", text_of('p'));
  for (const std::size_t number : {1U, 2U}) EXPECT_EQ(fetch(posted.at(number)), "");
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_THAT(fetch(posted.at(3)), HasSubstr("all parts are in, but sha512 of the whole is"));
    EXPECT_FALSE(temporary);
    EXPECT_FALSE(is_there());
  }
  const Posting again = posting();
  for (std::size_t number = 0; number < 4; ++number) EXPECT_EQ(fetch(again.at(number)), "");
  EXPECT_EQ(got(), text_of('p'));
}

TEST_F(AssemblyTest, ANewerVersionBeginsAnewAndAnOlderOneIsNotWantedAnyMore) {
  const Posting old = posting();
  EXPECT_EQ(fetch(old.at(0)), "");
  EXPECT_EQ(fetch(old.at(1)), "");
  write("f", text_of('p'));  // as large as the other, so that its parts would fit
  const Posting fresh = posting();
  EXPECT_EQ(fetch(fresh.at(1)), "");
  EXPECT_EQ(working_files(), 1U);
  for (const std::size_t number : {2U, 3U, 0U}) EXPECT_EQ(fetch(old.at(number)), "");
  EXPECT_FALSE(is_there());
  for (const std::size_t number : {0U, 2U, 3U}) EXPECT_EQ(fetch(fresh.at(number)), "");
  EXPECT_EQ(got(), text_of('p'));
  EXPECT_EQ(fetch(old.at(0)), "");
  EXPECT_EQ(working_files(), 0U);
  EXPECT_EQ(got(), text_of('p'));
}

TEST_F(AssemblyTest, FilesOfTheSameNameInTwoDirectoriesAreTwo) {
  fs::create_directory(directory / "site/d");
  write("d/f", text_of('p'));
  const Posting here = posting();
  const Posting there = posting("d/f");
  for (std::size_t number = 0; number < 4; ++number) {
    EXPECT_EQ(fetch(here.at(number)), "");
    EXPECT_EQ(fetch(there.at(3 - number)), "");
  }
  EXPECT_EQ(got(), data);
  EXPECT_EQ(got("d/f"), text_of('p'));
}

TEST_F(AssemblyTest, WhatIsRemovedOrComesWholeIsNotPutTogetherAnyMore) {
  const Posting posted = posting();
  EXPECT_EQ(fetch(posted.at(0)), "");
  Announcement removal = posted.at(0);
  removal.others.clear();
  removal.partial = false;
  removal.file_op = {{"remove", ""}};
  removal.pub_time = "20200101T000000";
  EXPECT_EQ(fetch(removal), "");
  EXPECT_EQ(working_files(), 1U) << "that was before";
  removal.pub_time = format_time(std::chrono::system_clock::now());
  EXPECT_EQ(fetch(removal), "");
  EXPECT_EQ(working_files(), 0U);
  EXPECT_EQ(fetch(posted.at(1)), "");
  EXPECT_EQ(working_files(), 0U) << "of what was removed";
  const Posting again = posting();
  EXPECT_EQ(fetch(again.at(0)), "");
  EXPECT_EQ(working_files(), 1U);
  EXPECT_EQ(fetch(announcement_of(directory / "site/f", options).value()), "");
  EXPECT_EQ(working_files(), 0U);
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, PartsThatHaveFilesOfTheirOwn) {
  const Posting posted = posting();
  for (std::size_t number = 0; number < 4; ++number) {
    Announcement part = posted.at(number);
    std::string& blocks = part.others.back().second;
    blocks.replace(blocks.find("inplace"), 7, "separate");
    part.rel_path = "f§block_000" + std::to_string(number) + ",1k_§";
    write(part.rel_path, data.substr(number * block, block));
    EXPECT_EQ(fetch(part), "");
  }
  EXPECT_EQ(got(), data);
  EXPECT_FALSE(is_there("f§block_0000,1k_§"));
}

TEST_F(AssemblyTest, PartsOfTheOldFormat) {
  const Posting posted = posting();
  for (const std::size_t number : {2U, 0U, 3U, 1U}) {
    const auto old = encode(posted.at(number), Format::v02).value();
    EXPECT_EQ(old.header.at("parts"), "i,1000,4,10," + std::to_string(number));
    EXPECT_EQ(fetch(decode(old).value().announcement), "");
  }
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, DataThatComesAlongIsThatOfThePart) {
  const Posting posted = posting();
  for (std::size_t number = 0; number < 4; ++number) {
    Announcement part = posted.at(number);
    part.base_url = "file:///nowhere";
    part.content = Content{"base64", message::base64(data.substr(number * block, block))};
    EXPECT_EQ(fetch(part), "");
  }
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, AllPartsAtOnceAreFetchedOneAfterTheOther) {
  Announcement whole = posting().at(0);
  std::string& blocks = whole.others.back().second;
  blocks.erase(blocks.find(",\"number\":0"), 11);
  EXPECT_EQ(fetch(whole), "");
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, WhatNobodyCanTellApartIsRefused) {
  Announcement part = decode(encode(posting().at(0), Format::v02).value()).value().announcement;
  part.mtime.reset();
  EXPECT_THAT(fetch(part), HasSubstr("of what version of the file"));
  settings.bytes_max.bytes = 2000;
  EXPECT_THAT(fetch(posting().at(0)), HasSubstr("larger than the 2000 bytes"));
  part = posting().at(0);
  for (const char* path : {"../f", ".simplevisor-parts/f", "d/.simplevisor-0123.part"}) {
    part.rel_path = path;
    EXPECT_NE(fetch(part), "") << path;
  }
  EXPECT_FALSE(fs::exists(directory / "in/.simplevisor-parts"));
}

TEST_F(AssemblyTest, WhatNobodyFinishesIsGivenUp) {
  write("g", text_of('p'));
  EXPECT_EQ(fetch(posting().at(0)), "");
  const Posting done = posting("g");
  for (std::size_t number = 0; number < 4; ++number) EXPECT_EQ(fetch(done.at(number)), "");
  EXPECT_EQ(records(), 2U);
  const Tree tree = Tree::open(settings.directory).value();
  ASSERT_TRUE(Assembly::sweep(tree, std::chrono::hours{1}));
  EXPECT_EQ(records(), 2U);
  EXPECT_EQ(working_files(), 1U);
  for (const auto& entry : fs::directory_iterator{directory / "in/.simplevisor-parts"})
    fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours{2});
  ASSERT_TRUE(Assembly::sweep(tree, std::chrono::hours{1}));
  EXPECT_EQ(records(), 0U);
  EXPECT_EQ(working_files(), 0U);
  EXPECT_EQ(got("g"), text_of('p'));
}

TEST_F(AssemblyTest, AWorkingFileThatIsGoneIsBegunAnew) {
  const Posting posted = posting();
  EXPECT_EQ(fetch(posted.at(0)), "");
  for (const auto& entry : fs::directory_iterator{directory / "in"}) {
    if (entry.path().extension() == ".part") fs::remove(entry);
  }
  for (const std::size_t number : {1U, 2U, 3U}) EXPECT_EQ(fetch(posted.at(number)), "");
  EXPECT_FALSE(is_there());
  EXPECT_EQ(fetch(posted.at(0)), "");
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, ADamagedRecordIsBegunAnew) {
  const Posting posted = posting();
  EXPECT_EQ(fetch(posted.at(0)), "");
  for (const auto& entry : fs::directory_iterator{directory / "in/.simplevisor-parts"}) {
    std::fstream file{entry.path(), std::ios::in | std::ios::out};
    file.seekp(30);
    file << "?????";
  }
  for (const std::size_t number : {3U, 2U, 1U, 0U}) EXPECT_EQ(fetch(posted.at(number)), "");
  EXPECT_EQ(got(), data);
}

TEST_F(AssemblyTest, ManyProcessesAndThreadsPutItTogetherOnce) {
  data.clear();
  for (int n = 0; n < 40; ++n) data += std::string(block, static_cast<char>('0' + n));
  write("f", data);
  const Posting posted = posting();
  constexpr int processes = 3;
  std::vector<pid_t> children;
  for (int child = 0; child < processes; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      // Each has all of them, in an order of its own, until none is refused.
      const auto work = [&](unsigned seed) {
        std::vector<std::size_t> order(posted.count());
        for (std::size_t n = 0; n < order.size(); ++n) order[n] = n;
        std::shuffle(order.begin(), order.end(), std::mt19937{seed});
        Fetcher fetcher{settings, Tree::open(settings.directory).value()};
        bool well = true;
        for (std::size_t at = 0; at < order.size();) {
          const auto outcome = fetcher.fetch(encode_v03(posted.at(order[at])));
          well = well && (outcome || outcome.error().temporary);
          if (outcome || !outcome.error().temporary) ++at;
        }
        if (!well) ::_exit(1);
      };
      std::thread other{work, 100 + child};
      work(static_cast<unsigned>(child));
      other.join();
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(got(), data);
  EXPECT_EQ(working_files(), 0U);
  EXPECT_EQ(records(), 1U);
}

}  // namespace
}  // namespace simplevisor::sarra
