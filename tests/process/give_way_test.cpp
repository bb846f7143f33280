#include "supervisor/process/give_way.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace simplevisor::process {
namespace {

int nice_of_this_thread() {
  return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
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
