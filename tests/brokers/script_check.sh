#!/usr/bin/env bash
# scripts/brokers: ends what it started and nothing else, and gives a and b the ports that the example trees expect.
#
#   script_check.sh SOURCE_DIR
set -euo pipefail
dir=$(mktemp -d)
ours=()
# shellcheck disable=SC2317 # called by the trap
finish() {
  "$dir/scripts/brokers" stop || true
  for pid in "${ours[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap finish EXIT
failures=0
fail() { echo "$*" >&2; failures=$((failures + 1)); }

mkdir "$dir/scripts"
cp "$1/scripts/brokers" "$dir/scripts/"
base="$dir/build/brokers"

# A pid file that outlived its process, whose number somebody else has now.
sleep 600 &
stranger=$!
ours+=("$stranger")
mkdir -p "$base/zz"
touch "$base/zz/rabbitmq.conf"
echo 19990 >"$base/zz/port"
for file in pid epmd.pid; do echo "$stranger" >"$base/zz/$file"; done
[ "$("$dir/scripts/brokers" status)" = "zz: stopped" ] || fail "a stranger is taken for a broker"
"$dir/scripts/brokers" stop zz
kill -0 "$stranger" 2>/dev/null || fail "a stranger was killed"
[ ! -e "$base/zz/pid" ] || fail "the old pid file is still there"
rm -r "$base/zz"

# What nobody asked to have the ports of a and b does not get them; whoever runs is found, and ended.
shown=$("$dir/scripts/brokers" start one)
port=$(cat "$base/one/port")
[ "$port" -ge 17620 ] || fail "one has port $port, which the example trees expect of a or b"
[ "$("$dir/scripts/brokers" status)" = "$shown" ] || fail "status does not show: $shown"
pids=$(cat "$base/one/pid" "$base/one/epmd.pid")
"$dir/scripts/brokers" stop one
for pid in $pids; do [ ! -e "/proc/$pid" ] || fail "$pid of the broker is still there"; done

# Plain `start` begins with a, at 17600; somebody who listens there is told of.
(exec 3<>/dev/tcp/127.0.0.1/17600) 2>/dev/null || {
  python3 -c 'import socket, time
held = socket.create_server(("127.0.0.1", 17600))
print("held", flush=True)
time.sleep(600)' >"$dir/held" &
  ours+=($!)
  until [ -s "$dir/held" ]; do sleep 0.05; done
}
if said=$("$dir/scripts/brokers" start 2>&1); then fail "a was started beside whoever has its ports"; fi
[[ $said == *"a: ports 17600 to 17603 are taken"* ]] || fail "said: $said"
exit $((failures > 0))
