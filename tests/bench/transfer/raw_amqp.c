/* tests/bench/transfer/raw_amqp.c
 *
 * What rabbitmq-c alone can do with a broker: the limit that the transfer agent is compared with.
 *
 *   raw-amqp publish PORT QUEUE COUNT SIZE WINDOW      persistent messages, confirmed, at most WINDOW undecided
 *   raw-amqp consume PORT QUEUE COUNT PREFETCH         acknowledged together, every PREFETCH / 2
 *
 * Declares the queue (durable). Exit status 0 when all is confirmed or consumed.
 */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { channel = 1, frame_bytes_max = 131072 };

static void need(int fact, const char* what) {
  if (fact) return;
  fprintf(stderr, "raw-amqp: %s\n", what);
  exit(1);
}

static void answered(amqp_connection_state_t connection, const char* what) {
  need(amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL, what);
}

/* Which messages are confirmed, by delivery tag, from 1. */
struct confirms {
  unsigned char* decided;
  uint64_t first; /* that is not */
};

static long decide(struct confirms* confirms, uint64_t tag) {
  if (confirms->decided[tag]) return 0;
  confirms->decided[tag] = 1;
  return 1;
}

/* Waits for one confirm. The number of messages that it decides. */
static long confirmed(amqp_connection_state_t connection, struct confirms* confirms) {
  amqp_frame_t frame;
  amqp_maybe_release_buffers(connection);
  need(amqp_simple_wait_frame(connection, &frame) == AMQP_STATUS_OK, "no confirm");
  need(frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD, "not a confirm");
  const amqp_basic_ack_t* ack = frame.payload.method.decoded;
  long count = 0;
  if (!ack->multiple) return decide(confirms, ack->delivery_tag);
  for (; confirms->first <= ack->delivery_tag; ++confirms->first) count += decide(confirms, confirms->first);
  return count;
}

static void publish(amqp_connection_state_t connection, const char* queue, long count, size_t size, long window) {
  amqp_confirm_select(connection, channel);
  answered(connection, "confirm.select");
  char* body = malloc(size + 1);
  need(body != NULL, "no memory");
  memset(body, 'x', size);
  amqp_basic_properties_t properties;
  memset(&properties, 0, sizeof properties);
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = 2;
  const amqp_bytes_t bytes = {size, body};
  struct confirms confirms = {calloc((size_t)count + 1, 1), 1};
  need(confirms.decided != NULL, "no memory");
  long undecided = 0;
  for (long i = 0; i < count || undecided > 0;) {
    if (i < count && undecided < window) {
      need(amqp_basic_publish(connection, channel, amqp_empty_bytes, amqp_cstring_bytes(queue), 1, 0, &properties,
                              bytes) == AMQP_STATUS_OK,
           "publish");
      ++i;
      ++undecided;
    } else {
      undecided -= confirmed(connection, &confirms);
    }
  }
  free(confirms.decided);
  free(body);
}

static void consume(amqp_connection_state_t connection, const char* queue, long count, long prefetch) {
  amqp_basic_qos(connection, channel, 0, (uint16_t)prefetch, 0);
  answered(connection, "basic.qos");
  amqp_basic_consume(connection, channel, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  answered(connection, "basic.consume");
  for (long i = 1; i <= count; ++i) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    need(amqp_consume_message(connection, &envelope, NULL, 0).reply_type == AMQP_RESPONSE_NORMAL, "consume");
    const uint64_t tag = envelope.delivery_tag;
    amqp_destroy_envelope(&envelope);
    if (i % (prefetch / 2) == 0 || i == count) need(amqp_basic_ack(connection, channel, tag, 1) == 0, "ack");
  }
}

int main(int argc, char** argv) {
  need(argc >= 6, "usage: raw-amqp publish PORT QUEUE COUNT SIZE WINDOW | consume PORT QUEUE COUNT PREFETCH");
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(connection);
  need(socket != NULL && amqp_socket_open(socket, "127.0.0.1", atoi(argv[2])) == 0, "cannot connect");
  need(amqp_login(connection, "/", 0, frame_bytes_max, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type ==
           AMQP_RESPONSE_NORMAL,
       "login");
  amqp_channel_open(connection, channel);
  answered(connection, "channel.open");
  amqp_queue_declare(connection, channel, amqp_cstring_bytes(argv[3]), 0, 1, 0, 0, amqp_empty_table);
  answered(connection, "queue.declare");
  if (strcmp(argv[1], "publish") == 0) {
    need(argc == 7, "publish PORT QUEUE COUNT SIZE WINDOW");
    publish(connection, argv[3], atol(argv[4]), (size_t)atol(argv[5]), atol(argv[6]));
  } else {
    consume(connection, argv[3], atol(argv[4]), atol(argv[5]));
  }
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
  return 0;
}
