// supervisor/runtime/datagram_sinks.hpp
//
// Lines to services of the machine that take datagrams: systemd's journal and syslog.
//
// Protocols  the journal's own (systemd, "Journal Export" over a socket): MESSAGE, PRIORITY=6, SYSLOG_IDENTIFIER (the worker's
//            path), SIMPLEVISOR_PATH, SIMPLEVISOR_LIFE, SIMPLEVISOR_STREAM, and SIMPLEVISOR_PARTIAL=1; what is too large for a
//            datagram goes as a sealed memfd. Syslog as syslog(3) writes it: `<30>Jan 31 13:05:06 root/a[stdout]: text`.
// Errors     errno values: ENOENT, ECONNREFUSED (nobody there), EAGAIN (it does not keep up). The lines are to be written
//            again later; a new connection is made then. Nothing here waits.
// Threads    one at a time.
#pragma once

#include <memory>
#include <string>

#include "supervisor/runtime/line_sink.hpp"

namespace simplevisor::runtime {

// `send_buffer_bytes`: 0 for the system's choice.
[[nodiscard]] std::unique_ptr<LineSink> make_journal_sink(std::string socket_path, int send_buffer_bytes = 0);
[[nodiscard]] std::unique_ptr<LineSink> make_syslog_sink(std::string socket_path);

}  // namespace simplevisor::runtime
