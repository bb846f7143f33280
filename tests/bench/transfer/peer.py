#!/usr/bin/python3
# What the same transfer costs in Python: pika or stomp, and dirq, with the calls that amqpclt and stompclt make.
#
#   peer.py to-amqp|to-stomp PORT DESTINATION QUEUE       every element, confirmed one by one, then removed
#   peer.py from-amqp|from-stomp PORT DESTINATION QUEUE COUNT
import json
import sys
import threading

import dirq.QueueSimple


def encode(body):
    return json.dumps({"header": {}, "body": body.decode()})


def to_amqp(port, destination, queue):
    import pika

    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.queue_declare(destination, durable=True)
    channel.confirm_delivery()
    properties = pika.BasicProperties(delivery_mode=2)
    for name in queue:
        if not queue.lock(name):
            continue
        body = json.loads(queue.get(name))["body"]
        channel.basic_publish("", destination, body, properties, mandatory=True)
        queue.remove(name)
    connection.close()


def from_amqp(port, destination, queue, count):
    import pika

    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.queue_declare(destination, durable=True)
    channel.basic_qos(prefetch_count=100)
    left = count
    for method, _properties, body in channel.consume(destination):
        queue.add(encode(body))
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if left == 0:
            break
    channel.cancel()
    connection.close()


def to_stomp(port, destination, queue):
    import stomp

    answers = threading.Semaphore(0)

    class Listener(stomp.ConnectionListener):
        def on_receipt(self, _frame):
            answers.release()

    connection = stomp.Connection12([("127.0.0.1", port)], vhost="/", heartbeats=(0, 0))
    connection.set_listener("", Listener())
    connection.connect("guest", "guest", wait=True)
    for number, name in enumerate(queue):
        if not queue.lock(name):
            continue
        body = json.loads(queue.get(name))["body"]
        connection.send("/queue/" + destination, body, persistent="true", receipt=str(number))
        answers.acquire()
        queue.remove(name)
    connection.disconnect()


def from_stomp(port, destination, queue, count):
    import stomp

    done = threading.Semaphore(0)
    connection = stomp.Connection12([("127.0.0.1", port)], vhost="/", heartbeats=(0, 0))

    class Listener(stomp.ConnectionListener):
        left = count

        def on_message(self, frame):
            queue.add(encode(frame.body.encode()))
            connection.ack(frame.headers["ack"])
            self.left -= 1
            if self.left == 0:
                done.release()

    connection.set_listener("", Listener())
    connection.connect("guest", "guest", wait=True)
    connection.subscribe("/queue/" + destination, "1", ack="client-individual", headers={"prefetch-count": "100"})
    done.acquire()
    connection.disconnect()


def main():
    what, port, destination, path = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    queue = dirq.QueueSimple.QueueSimple(path)
    if what.startswith("to-"):
        {"to-amqp": to_amqp, "to-stomp": to_stomp}[what](port, destination, queue)
    else:
        {"from-amqp": from_amqp, "from-stomp": from_stomp}[what](port, destination, queue, int(sys.argv[5]))


main()
