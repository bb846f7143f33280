"""The other side of the interoperability tests: python3-dirq, one command per run.

The queue is of the kind simple, or normal with messages in it, whose text is then what is added and read.

peer.py KIND QUEUE write COUNT PREFIX      adds PREFIX-0 ... PREFIX-(COUNT-1)
peer.py KIND QUEUE read                    takes until standard input is closed and the queue is empty; prints one line
                                      for each element taken
peer.py KIND QUEUE add TEXT | add_path FILE | count | list | get NAME | size NAME
peer.py KIND QUEUE lock NAME | unlock NAME | touch NAME | remove NAME | purge MAXTEMP MAXLOCK
"""

import os
import select
import sys

from dirq.QueueSimple import QueueSimple
from dirq.queue import Queue


class Messages(Queue):
    """A normal queue of messages, which looks like a simple queue of their texts."""

    def __init__(self, path):
        super().__init__(path, schema={"header": "table", "binary": "binary?", "text": "string?"})

    def add(self, data):
        text = data.decode()
        return super().add({"header": {"text": text, "escaped\t": "\\n\n"}, "text": text})

    def get(self, ename):
        message = super().get(ename)
        if message["header"] != {"text": message["text"], "escaped\t": "\\n\n"}:
            raise ValueError(f"{ename}: {message}")
        return message["text"].encode()


def read_until_stopped(queue):
    """Takes whatever there is, until standard input is closed and the queue was seen empty after that."""
    stopping = False
    while True:
        took = False
        name = queue.first()
        while name:
            if queue.lock(name):
                content = queue.get(name)
                queue.remove(name)
                print(content.decode(), flush=False)
                took = True
            name = queue.next()
        if took:
            continue
        if stopping:
            return
        # Nothing to take: waits a moment for the end of the writers, which is all it needs to know.
        if select.select([sys.stdin], [], [], 0.005)[0]:
            stopping = os.read(0, 1) == b""


def main():
    kind, path, command, *arguments = sys.argv[1:]
    queue = {"simple": QueueSimple, "normal": Messages}[kind](path)
    if command == "write":
        for index in range(int(arguments[0])):
            queue.add(f"{arguments[1]}-{index}".encode())
    elif command == "read":
        read_until_stopped(queue)
    elif command == "add":
        print(queue.add(arguments[0].encode()))
    elif command == "add_path":
        print(queue.add_path(arguments[0]))
    elif command == "count":
        print(queue.count())
    elif command == "list":
        name = queue.first()
        while name:
            print(name)
            name = queue.next()
    elif command == "get":
        sys.stdout.write(queue.get(arguments[0]).decode())
    elif command == "size":
        print(os.stat(queue.get_path(arguments[0])).st_size)
    elif command == "purge":
        queue.purge(int(arguments[0]), int(arguments[1]))
    elif command == "lock":
        print(int(queue.lock(arguments[0])))
    else:
        getattr(queue, command)(arguments[0])


main()
