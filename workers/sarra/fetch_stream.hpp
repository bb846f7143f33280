// workers/sarra/fetch_stream.hpp
//
// The process side of the handler protocol (workers/handler/protocol.hpp): each message is an announcement, `window` of them
// are worked on at a time, each gets its own answer.
//
// Answers    done; retry, with the delay, for trouble that may pass; fail for the rest, with the reason.
// Settings   those given, overridden by the `data` of the start.
// End        at `stop` or the end of input: what is in hand is finished and answered first.
// Errors     a line that is no order: the other side is not what we speak with, so this ends (76); settings (78).
// Threads    its own, joined when it returns.
#pragma once

#include "workers/sarra/fetch.hpp"
#include "workers/service/error.hpp"

namespace simplevisor::sarra {

[[nodiscard]] service::ExitCode serve_stream(FetchSettings settings, int input, int output);

// One announcement from `input`, which it reads to the end.
[[nodiscard]] service::ExitCode serve_one(const FetchSettings& settings, int input);

}  // namespace simplevisor::sarra
