#!/usr/bin/env bash
# The completions, in each of the three shells, against a supervisor that runs.
#
#   completions_check.sh SIMPLEVISOR COMPLETIONS_DIR
set -euo pipefail
program=$(realpath "$1")
completions=$(realpath "$2")
dir=$(mktemp -d)
conf=$dir/simplevisor.toml
export HOME=$dir XDG_CONFIG_HOME=$dir/config XDG_DATA_HOME=$dir/data PATH=${program%/*}:$PATH
unset SIMPLEVISOR_CONF
failures=0
trap '"$program" --conf "$conf" stop >/dev/null 2>&1; rm -rf "$dir"' EXIT

cat > "$conf" <<'TOML'
[simplevisor]
state_dir = "state"
[supervisor.root]
children = ["clock", "pair"]
[worker.clock]
command = ["/bin/sleep", "1000"]
[pool.pair]
command = ["/bin/sleep", "1000"]
size = 2
TOML

# shellcheck disable=SC2317 # they are called by name
in_bash() { # words; the last one is being typed
  bash --norc --noprofile -c '
    source "$1/simplevisor.bash"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _simplevisor
    printf "%s\n" "${COMPREPLY[@]}"' bash "$completions" "$@" | sort | tr '\n' ' '
}
# shellcheck disable=SC2317
in_zsh() {
  zsh -f -c '
    script=$1/_simplevisor; shift
    compdef() { : }
    compset() { : }
    _files() { print -l FILES }
    compadd() { shift; local word; for word in "$@"; do [[ $word == ${words[CURRENT]#*=}* ]] && print -r -- $word; done }
    _describe() { local -a all; all=(${(P)@[-1]}); compadd -- ${all%%:*} }
    source $script
    words=("$@"); CURRENT=$#
    _simplevisor' zsh "$completions" "$@" | sort | tr '\n' ' '
}
# shellcheck disable=SC2317
in_fish() {
  local line
  printf -v line '%s ' "$@"
  # shellcheck disable=SC2016
  fish --no-config -c 'source $argv[1]/simplevisor.fish; complete -C $argv[2]' "$completions" "${line% }" |
    cut -f1 | sort | tr '\n' ' '
}
expect() { # SHELL EXPECTED WORDS...
  local shell=$1 expected=$2 got
  shift 2
  got=$("in_$shell" "$@" 2>&1) || true # what a shell complains of is no candidate either
  [ "${got% }" = "$expected" ] || { echo "$shell: $*: got '$got', expected '$expected'" >&2; failures=$((failures + 1)); }
}

bash -n "$completions/simplevisor.bash"
zsh -n "$completions/_simplevisor"
fish --no-execute "$completions/simplevisor.fish"

# Without a supervisor there is nothing to offer, and no complaint.
for shell in bash zsh fish; do
  expect $shell "" simplevisor --conf "$conf" restart ""
  expect $shell "" simplevisor --conf "$dir/none.toml" restart cl
done

"$program" --conf "$conf" start --daemon --timeout 60s >/dev/null
for shell in bash zsh fish; do
  expect $shell "restart" simplevisor resta
  expect $shell "root root/clock root/pair root/pair/1 root/pair/2" simplevisor --conf "$conf" restart ""
  expect $shell "root/pair root/pair/1 root/pair/2" simplevisor restart --conf "$conf" root/p
  expect $shell "clock" simplevisor --conf "$conf" status cl        # a last part that only one node has
  expect $shell "" simplevisor --conf "$conf" restart root/clock "" # it takes one
  expect $shell "worker.watchdog" simplevisor explain worker.wa
  expect $shell "check_configuration" simplevisor check_
  expect $shell "consumer" simplevisor init --kind con
  expect $shell "--verbose" simplevisor check_configuration --verb
  expect $shell "--verbose" simplevisor check-configuration --verb
  expect $shell "--no-wait" simplevisor --no-w
done
# bash takes "=" for a word of its own.
expect bash "clock" simplevisor --conf = "$conf" status cl
expect zsh "clock" simplevisor "--conf=$conf" status cl
expect fish "clock" simplevisor "--conf=$conf" status cl
# --conf completes files.
expect bash "$conf" simplevisor --conf "$dir/simplev"
expect zsh "FILES" simplevisor --conf "$dir/simplev"
expect fish "$conf" simplevisor --conf "$dir/simplev"
exit $((failures > 0))
