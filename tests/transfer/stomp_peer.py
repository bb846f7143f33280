"""python3-stomp at the other end of a transfer agent.

    stomp_peer.py send    PORT VERSION DESTINATION DIR
    stomp_peer.py receive PORT VERSION DESTINATION DIR COUNT

DIR holds, or gets, 0.json (the headers) and 0.body, 1.json and so on. Ends with 1 when the broker has not answered in time.
"""
import json
import pathlib
import sys
import threading

import stomp

PATIENCE = 90
CONNECTIONS = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}


class Listener(stomp.ConnectionListener):
    def __init__(self, directory, count):
        self.directory, self.count, self.seen = directory, count, 0
        self.done = threading.Event()

    def on_message(self, frame):
        (self.directory / f"{self.seen}.json").write_text(json.dumps(frame.headers))
        body = frame.body.encode() if isinstance(frame.body, str) else frame.body or b""
        (self.directory / f"{self.seen}.body").write_bytes(body)
        self.seen += 1
        if self.seen == self.count:
            self.done.set()

    def on_receipt(self, frame):
        if frame.headers["receipt-id"] == "last":
            self.done.set()

    def on_error(self, frame):
        print(frame.headers, frame.body, file=sys.stderr)


what, port, version, destination, directory = sys.argv[1:6]
directory = pathlib.Path(directory)
listener = Listener(directory, int(sys.argv[6]) if what == "receive" else 0)
connection = CONNECTIONS[version]([("127.0.0.1", int(port))], auto_decode=False)
connection.set_listener("", listener)
connection.transport.vhost = "/"  # RabbitMQ knows no other
connection.connect("guest", "guest", wait=True)
if what == "receive":
    connection.subscribe(destination, id="1", ack="auto")
else:
    files = sorted(directory.glob("*.json"))
    for file in files:
        headers = json.loads(file.read_text())
        if file == files[-1]:
            headers["receipt"] = "last"  # they are handled in order
        connection.send(destination, file.with_suffix(".body").read_bytes(), headers=headers)
done = listener.done.wait(PATIENCE)
connection.disconnect()
sys.exit(0 if done else 1)
