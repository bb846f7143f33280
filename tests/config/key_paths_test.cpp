// Keys are found by whatever people call them, and every key of the table can be.
#include "supervisor/config/key_paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "supervisor/config/key_text.hpp"

namespace simplevisor::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> found(std::string_view name) {
  std::vector<std::string> paths;
  for (const KeyPlace& place : find_keys(name)) paths.push_back(place.path);
  return paths;
}

TEST(KeyPaths, AFullPathIsOneKey) {
  EXPECT_THAT(found("worker.restart"), ElementsAre("worker.restart"));
  EXPECT_THAT(found("simplevisor.state_dir"), ElementsAre("simplevisor.state_dir"));
  EXPECT_THAT(found("simplevisor.log.level"), ElementsAre("simplevisor.log.level"));
  EXPECT_THAT(found("pool.backoff.initial"), ElementsAre("pool.backoff.initial"));
}

TEST(KeyPaths, AKeyAloneIsThatOfEveryTableThatHasIt) {
  EXPECT_THAT(found("restart"),
              ElementsAre("supervisor.restart", "worker.restart", "pool.restart", "kind.restart"));
  EXPECT_THAT(found("size"), ElementsAre("simplevisor.capture.size", "pool.size", "kind.size"));
  EXPECT_THAT(found("log.file"), ElementsAre("simplevisor.log.file"));
  EXPECT_THAT(found("backoff"), ElementsAre("worker.backoff", "pool.backoff", "kind.backoff"));
}

TEST(KeyPaths, ATableIsFoundByItsNameAndAsItStandsInAFile) {
  for (const char* name : {"worker", "[worker.NAME]", "worker.NAME"}) {
    const auto places = find_keys(name);
    ASSERT_THAT(places, SizeIs(1)) << name;
    EXPECT_EQ(places.front().key, nullptr);
    EXPECT_EQ(places.front().section, &worker_section());
  }
}

TEST(KeyPaths, ANodeNameAsComplaintsHaveItIsPassedOver) {
  EXPECT_THAT(found("worker.send-a.restart"), ElementsAre("worker.restart"));
  EXPECT_THAT(found("worker.\"eu.west\".backoff.max"), ElementsAre("worker.backoff.max"));
  EXPECT_THAT(found("supervisor.a.command"), IsEmpty());  // a worker's, not a supervisor's
}

TEST(KeyPaths, WhatIsNoKeyIsNotFound) {
  for (const std::string& name :
       {std::string{}, std::string{"."}, std::string{"restart."}, std::string{".restart"},
        std::string{"estart"}, std::string{"[]"}, std::string{"worker.."}, std::string(100'000, 'x'),
        std::string("\0\xff", 2)}) {
    EXPECT_THAT(found(name), IsEmpty()) << name.substr(0, 20);
  }
}

TEST(KeyPaths, TheNearestSpellingIsAKeyOrAPath) {
  EXPECT_EQ(nearest_key("restrat"), "restart");
  EXPECT_EQ(nearest_key("worker.restrat"), "worker.restart");
  EXPECT_EQ(nearest_key("state-dir"), "state_dir");
  EXPECT_EQ(nearest_key("entirely different"), "");
}

TEST(KeyPaths, EveryPlaceIsFoundByItsOwnPathAndHasAFormAndAValue) {
  for (const KeyPlace& place : key_places()) {
    if (place.key == nullptr) continue;
    EXPECT_THAT(found(place.path), ElementsAre(place.path));
    EXPECT_FALSE(value_text(*place.key).empty()) << place.path;
    EXPECT_FALSE(form_name(place.key->form).empty()) << place.path;
    EXPECT_FALSE(place.key->meaning.empty()) << place.path;
  }
}

}  // namespace
}  // namespace simplevisor::config
