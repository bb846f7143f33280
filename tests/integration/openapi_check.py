"""Asks a running supervisor for everything and holds each answer against the API's description.

usage: openapi_check.py OPENAPI SOCKET WORKER

One line for each answer that is not as described; none and "N answers checked" when all are.
WORKER is the path of a worker that may be restarted.
"""
import http.client
import json
import socket
import sys

import jsonschema

description = json.load(open(sys.argv[1], encoding="utf-8"))
SOCKET, WORKER = sys.argv[2:]
checked = 0
seen = set()


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(SOCKET)


def resolved(part):
    while "$ref" in part:
        found = description
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def complain(method, target, text):
    print(f"{method} {target}: {text}")


def ask(method, target, body=None, status=200, described=True):
    """`described`: the route is one of those in the file."""
    global checked
    checked += 1
    connection = UnixConnection("localhost")
    connection.request(method, target, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != status:
        return complain(method, target, f"answered {answer.status}, not {status}: {text[:200]}")
    media = answer.getheader("Content-Type").split(";")[0]
    if described:
        path = target.split("?")[0]
        seen.add((method, path))
        responses = description["paths"][path][method.lower()]["responses"]
        if str(status) not in responses:
            return complain(method, target, f"the status {status} is not described")
        content = resolved(responses[str(status)])["content"]
        content = {name.split(";")[0]: value for name, value in content.items()}
        if media not in content:
            return complain(method, target, f"the content type {media} is not described")
        schema = content[media].get("schema", {})
    else:
        schema = {"$ref": "#/components/schemas/Problem"}
        if media != "application/problem+json":
            return complain(method, target, f"a problem has the content type {media}")
    if media.endswith("json"):
        whole = {**schema, "components": description["components"]}
        for error in jsonschema.Draft202012Validator(whole).iter_errors(json.loads(text)):
            complain(method, target, f"{error.json_path}: {error.message[:200]}")


for name, schema in description["components"]["schemas"].items():
    jsonschema.Draft202012Validator.check_schema(schema)

worker = json.dumps({"pattern": WORKER})
for path in ("info", "status", "check", "tree", "events", "flow", "session", "configuration"):
    ask("GET", f"/v1/{path}")
for path in ("/metrics", "/healthz"):
    ask("GET", path)
for path in ("history", "why"):
    ask("GET", f"/v1/{path}?pattern={WORKER}")
    ask("GET", f"/v1/{path}?pattern=no-such-node", status=404)
    ask("GET", f"/v1/{path}", status=400)
ask("GET", "/v1/logs")
ask("GET", f"/v1/logs?pattern={WORKER}&lines=3&since=1h")
ask("GET", "/v1/logs?pattern=no-such-node", status=404)
ask("GET", "/v1/logs?lines=x", status=400)
ask("GET", "/v1/status?pattern=" + WORKER)
ask("GET", "/v1/status?pattern=no-such-node", status=404)
ask("GET", "/v1/status?pattern=%zz", status=400)
ask("GET", "/v1/events?after=1")
ask("GET", "/v1/events?last=2")
ask("GET", "/v1/events?last=-1", status=400)
ask("GET", "/v1/events?after=x", status=400)
ask("POST", "/v1/restart", worker)
ask("POST", "/v1/stop", json.dumps({"pattern": WORKER, "reason": "a test", "for_ms": 3600000}))
ask("GET", "/v1/why?pattern=" + WORKER)
ask("GET", "/readyz", status=503)
ask("POST", "/v1/start", worker)
ask("POST", "/v1/restart?wait=false", worker, status=202)
ask("POST", "/v1/start", worker)
ask("POST", "/v1/signal", json.dumps({"pattern": WORKER, "signal": "CONT"}))
ask("POST", "/v1/signal", json.dumps({"pattern": WORKER, "signal": "NOSUCH"}), status=400)
ask("GET", "/v1/history?pattern=" + WORKER)
for body in (None, "", "{", "[]", '{"pattern":1}', '{"pattern":""}', '{"pattern":"a","x":1}', "\0" * 100, '"' * 60000):
    ask("POST", "/v1/stop", body, status=400)
ask("POST", "/v1/stop", json.dumps({"pattern": "no-such-node"}), status=404)
ask("POST", "/v1/stop", "x" * 70000, status=413, described=False)
ask("POST", "/v1/stop", json.dumps({"pattern": WORKER.split("/")[0]}), status=409)
ask("GET", "/v1/stop", status=405, described=False)
ask("GET", "/no/such/route", status=404, described=False)
ask("GET", "/v1/status?pattern=" + "x" * 5000, status=414, described=False)
ask("POST", "/v1/shutdown")
for path, methods in description["paths"].items():
    for method in methods:
        if (method.upper(), path) not in seen:
            complain(method.upper(), path, "was not asked: this check does not know it")
print(f"{checked} answers checked")
