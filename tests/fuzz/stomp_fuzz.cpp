// What a fuzzer calls with any bytes: the frame parser in every dialect and in uneven pieces, and what is made of its
// frames. Reaching the end is passing; sanitizers and assertions say what is not.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "workers/stomp/complaint.hpp"
#include "workers/stomp/convert.hpp"
#include "workers/stomp/parser.hpp"

namespace {

using namespace simplevisor::stomp;

void require(bool fact) {
  if (!fact) std::abort();
}

// What is received can be sent again, and then says the same.
void send_again(simplevisor::message::Message message, Dialect dialect) {
  message.header.insert_or_assign("destination", "/queue/a");
  std::string out;
  if (!append_send(out, message, {}, {BrokerType::unknown, dialect, "guest"}, "r")) {
    require(out.empty());
    return;
  }
  Parser parser{{}, dialect};
  const auto room = parser.prepare(out.size());
  std::memcpy(room.data(), out.data(), out.size());
  parser.commit(out.size());
  auto again = parser.next();
  require(again && *again && (*again)->body == message.body && parser.buffered() == 0);
}

void parse(std::string_view bytes, Dialect dialect, std::size_t piece) {
  const ParserLimits limits{
      .header_bytes_max = 2000, .header_count_max = 50, .body_bytes_max = 5000, .truncated_bytes_kept = 100};
  Parser parser{limits, dialect};
  while (!bytes.empty()) {
    const std::size_t now = std::min(piece, bytes.size());
    const auto room = parser.prepare(now);
    std::memcpy(room.data(), bytes.data(), now);
    parser.commit(now);
    bytes.remove_prefix(now);
    while (true) {
      auto frame = parser.next();
      if (!frame) {
        require(!frame.error().message.empty());
        return;
      }
      if (!*frame) break;
      require((*frame)->body.size() <= limits.body_bytes_max &&
              (*frame)->headers.size() <= limits.header_count_max);
      (void)understand(**frame, Complaint::During::working);
      if (!(*frame)->truncated()) send_again(to_message(**std::move(frame), dialect.version), dialect);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto version = static_cast<Version>(data[0] % 3);
  parse(bytes, Dialect::of(version, data[0] % 2 == 0 ? BrokerType::rabbitmq : BrokerType::unknown),
        1 + data[0] / 6U * 3U);
  return 0;
}
