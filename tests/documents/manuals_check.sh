#!/usr/bin/env bash
# Every manual page is formatted without a warning, says its own name, and names no page of ours that is not there.
#
#   manuals_check.sh MAN_DIR
set -euo pipefail
cd "$1"
export LC_ALL=C.UTF-8
failures=0
fail() { echo "$*" >&2; failures=$((failures + 1)); }

for page in *.[157]; do
  said=$(man --warnings -E UTF-8 -l -Tutf8 -Z "./$page" 2>&1 >/dev/null)
  [ -z "$said" ] || fail "$page: man: $said"
  said=$(groff -ww -man -K utf8 -Tutf8 -Z "$page" 2>&1 >/dev/null)
  [ -z "$said" ] || fail "$page: groff: $said"
  text=$(MANWIDTH=120 man -l "./$page" | sed 's/.\x08//g')
  grep -qE "^ +${page%.*} - " <<<"$text" || fail "$page: does not begin with its name"
  while read -r named; do
    [ -e "${named%(*}.${named: -2:1}" ] || fail "$page: there is no $named"
  done < <(grep -oE '\bsimplevisor[a-z.-]*\([157]\)' <<<"$text" | sort -u)
done
exit $((failures > 0))
