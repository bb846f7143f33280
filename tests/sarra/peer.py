#!/usr/bin/python3
"""The other side of the tests: announcements published and received with python3-pika, as any program would do it.

  peer.py URI publish FILE              one JSON object a line: exchange, routing_key, content_type, headers, body
  peer.py URI receive EXCHANGE COUNT    declares the exchange, binds a queue to all; says "ready", then prints COUNT such objects
  peer.py URI drain QUEUE               takes what there is, and prints it in the same way
  peer.py URI declare QUEUE EXCHANGE ARGUMENTS KEY...   a durable queue with arguments (JSON), bound by each key
"""
import json
import sys

import pika


def exchange(channel, name):
    channel.exchange_declare(name, exchange_type="topic", durable=True)


def publish(channel, file):
    channel.confirm_delivery()
    known = set()
    for line in open(file, encoding="utf-8"):
        message = json.loads(line)
        if message["exchange"] not in known:
            exchange(channel, message["exchange"])
            known.add(message["exchange"])
        properties = pika.BasicProperties(content_type=message["content_type"], content_encoding="utf-8", delivery_mode=2,
                                          headers=message["headers"])
        channel.basic_publish(message["exchange"], message["routing_key"], message["body"].encode(), properties)


def show(method, properties, body):
    print(json.dumps({"exchange": method.exchange, "routing_key": method.routing_key,
                      "content_type": properties.content_type, "content_encoding": properties.content_encoding,
                      "delivery_mode": properties.delivery_mode, "headers": properties.headers or {},
                      "body": body.decode()}), flush=True)


def receive(channel, name, count):
    exchange(channel, name)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, name, "#")
    print("ready", flush=True)
    for method, properties, body in channel.consume(queue):
        show(method, properties, body)
        channel.basic_ack(method.delivery_tag)
        count -= 1
        if count == 0:
            return


def drain(channel, queue):
    while True:
        method, properties, body = channel.basic_get(queue)
        if method is None:
            return
        show(method, properties, body)
        channel.basic_ack(method.delivery_tag)


def declare(channel, queue, name, arguments, keys):
    exchange(channel, name)
    channel.queue_declare(queue, durable=True, arguments=json.loads(arguments))
    for key in keys:
        channel.queue_bind(queue, name, key)


def main():
    uri, command, *words = sys.argv[1:]
    connection = pika.BlockingConnection(pika.URLParameters(uri + "/%2F"))
    channel = connection.channel()
    if command == "publish":
        publish(channel, words[0])
    elif command == "receive":
        receive(channel, words[0], int(words[1]))
    elif command == "drain":
        drain(channel, words[0])
    elif command == "declare":
        declare(channel, words[0], words[1], words[2], words[3:])
    connection.close()


main()
