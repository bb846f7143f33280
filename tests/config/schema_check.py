"""Which of the TOML documents in FILE, each ended by a NUL, the schema accepts: one line each, `good` or `bad`.

usage: schema_check.py SCHEMA FILE
"""
import json
import sys
import tomllib

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    documents = file.read().split("\0")[:-1]
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for document in documents:
    print("good" if validator.is_valid(tomllib.loads(document)) else "bad")
