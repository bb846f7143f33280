#include "supervisor/process/give_way.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <thread>

namespace simplevisor::process {
namespace {

int nice_of_this_thread() {
  return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
}

// In ns, as sched_getattr(2) tells it: at byte 24. 0: this kernel knows none for ordinary threads.
std::uint64_t slice_of_this_thread() {
  std::array<char, 48> attributes{};
  EXPECT_EQ(::syscall(SYS_sched_getattr, 0, attributes.data(), attributes.size(), 0), 0);
  std::uint64_t slice = 0;
  std::memcpy(&slice, attributes.data() + 24, sizeof slice);
  return slice;
}

TEST(GiveWay, TakesShortSlicesWhereThereAreAny) {
  std::uint64_t given = 0;
  std::thread([&] {
    give_way();
    given = slice_of_this_thread();
  }).join();
  EXPECT_EQ(given, slice_of_this_thread() == 0 ? 0u : 100'000u);
}

TEST(GiveWay, IsAboutTheThreadThatCallsIt) {
  const int before = nice_of_this_thread();
  int given = -100;
  int of_a_new_one = -100;
  std::thread([&] {
    give_way();
    given = nice_of_this_thread();
    std::thread([&] { of_a_new_one = nice_of_this_thread(); }).join();
  }).join();
  EXPECT_EQ(given, 19);
  EXPECT_EQ(of_a_new_one, 19);
  EXPECT_EQ(nice_of_this_thread(), before);
}

}  // namespace
}  // namespace simplevisor::process
