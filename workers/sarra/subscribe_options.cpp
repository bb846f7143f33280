// The table of a subscriber's settings.
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "workers/sarra/subscribe_settings.hpp"

namespace simplevisor::sarra {

OptionTable subscribe_options(SubscribeSettings& s) {
  return OptionTable{{
      {"from", "directory queue whose announcements are posted on, instead of a broker's", &s.from},
      {"broker-uri", "where the broker is: amqp://USER@HOST", &s.broker},
      {"broker-auth", "who we are: \"plain name=N pass=P\", \"x509 ...\", \"file:PATH\"", &s.broker_auth},
      {"broker-tls", "ca_file, ca_directory, verify, server_name", &s.broker_tls},
      {"exchange", "of the announcements (default: xpublic)", &s.exchange},
      {"binding",
       "EXCHANGE:SUBTOPIC, instead of exchange and subtopic; may be repeated, for several exchanges",
       Reader{[&s](const boost::json::value& value) -> std::optional<std::string> {
         auto bindings = parse_bindings(value);
         if (!bindings) return std::move(bindings).error();
         s.bindings = *std::move(bindings);
         return std::nullopt;
       }}},
      {"declare-exchange", "make the exchange if it is not there (default: its publishers do)",
       &s.declare_exchange},
      {"topic-prefix", "what topics begin with (default: v03; for the old format v02.post)", &s.topic_prefix},
      {"subtopic", "what to subscribe to, after the prefix; may be repeated (default: all)", &s.subtopics},
      {"queue-name", "at the broker (default: chosen once, kept in state-dir)", &s.queue_name},
      {"component", "part of a chosen queue name", &s.component},
      {"config", "part of a chosen queue name", &s.config},
      {"expire", "the broker deletes the queue when nobody consumed for this long; 0: never", &s.expire},
      {"message-age-max", "announcements older than this are not wanted; 0: any", &s.message_age_max},
      {"file-age-max", "files older than this are not wanted; 0: any", &s.file_age_max},
      {"file-age-min", "files younger than this have to wait", &s.file_age_min},
      {"prefetch", "announcements that the broker may give us beyond those acknowledged", &s.prefetch, 1,
       65'535},
      {"reconnect",
       "connect again when a broker is lost, and be ready before it is there (default: where nobody "
       "supervises us)",
       &s.reconnect},
      {"passive", "declare and bind nothing: the queue is there as it is", &s.passive},
      {"patterns", "\"accept REGEX\" or \"reject REGEX\", the first that matches decides; may be repeated",
       &s.patterns},
      {"accept-unmatched", "what no pattern matches is wanted (default)", &s.accept_unmatched},
      {"nodupe-ttl", "what all instances have seen within this time is not wanted again; 0: off",
       &s.nodupe_ttl},
      {"nodupe-entries", "how many of them are remembered", &s.nodupe_entries, 16, 100'000'000},
      {"path", "directory queue that accepted announcements go to, if they are not posted on", &s.path},
      {"durability", "of that queue: none, data or full (default)", &s.durability},
      {"batch", "announcements made durable together", &s.batch, 1, 256},
      {"post-broker", "where accepted announcements are posted on to, instead of path (default: broker-uri)",
       &s.post_broker},
      {"post-broker-auth", "who we are there (default: broker-auth, at the same broker)",
       &s.post_broker_auth},
      {"post-broker-tls", "as broker-tls", &s.post_broker_tls},
      {"post-exchange", "to post on to (default: xs_USER, or xpublic for anonymous)", &s.post_exchange},
      {"post-exchange-split", "post to so many of them, NAME00 to NAME99, by checksum; 0: to the one",
       &s.post_exchange_split, 0, 100},
      {"post-topic-prefix", "what topics then begin with, which says the format too (default: v03; v02.post)",
       &s.post_topic_prefix},
      {"post-declare", "declare the exchanges posted to (default)", &s.post_declare},
      {"dead-letter",
       "queue for what is no announcement (default: PATH.dead; of what is posted on, STATE-DIR/dead)",
       &s.dead_letter},
      {"state-dir", "what all instances of a pool share", &s.state_dir},
      {"status-file", "file in which the counters are kept, JSON; {instance}: our number in a pool",
       &s.status_file},
      {"message-bytes-max", "larger messages are set aside", &s.message_bytes_max},
      {"count", "leave after this many accepted announcements", &s.count},
      {"timeout-inactivity", "leave when nothing was accepted for this long", &s.timeout_inactivity},
  }};
}

}  // namespace simplevisor::sarra
