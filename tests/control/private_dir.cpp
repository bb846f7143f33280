#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "tests/control/fake_service.hpp"

namespace simplevisor::testing {

PrivateDir::PrivateDir() {
  path_ = ::testing::TempDir() + "simplevisor.XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::filesystem::filesystem_error("mkdtemp", {errno, std::generic_category()});
}

PrivateDir::~PrivateDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace simplevisor::testing
