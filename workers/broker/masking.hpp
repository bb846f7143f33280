// workers/broker/masking.hpp
//
// What somebody else says, without a secret that we told him and he repeats.
//
// Whole words of six characters or more only: a shorter secret is found in other words by chance, and a mask there would
// say what it is ("***_queue" for guest_queue).
#pragma once

#include <string>

#include "workers/broker/secret.hpp"

namespace simplevisor::broker {

[[nodiscard]] std::string masked(std::string text, const Secret& secret);

}  // namespace simplevisor::broker
