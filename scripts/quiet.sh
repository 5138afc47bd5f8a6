#!/bin/sh
# Ends with status 0 where the machine is quiet: its load is at most 0.5, at once or within three minutes, since what built the programs
# is in the load still. HEADSTART_BUSY=1 goes on anyway, and says so in the first line of every table.
#
#   scripts/quiet.sh [LOADAVG [SECONDS]]
#
# LOADAVG is the file that tells the load, and SECONDS how long to wait; both are for tests.
set -eu
file=${1:-/proc/loadavg}
left=${2:-180}
[ -r "$file" ] || { echo "quiet: the load of this machine cannot be read ($file); set HEADSTART_BUSY=1 to measure anyway" >&2; [ "${HEADSTART_BUSY:-}" = 1 ] || exit 1; exit 0; }
while :; do
	read -r load _ <"$file"
	if awk -v load="$load" 'BEGIN { exit !(load <= 0.5) }'; then exit 0; fi
	if [ "${HEADSTART_BUSY:-}" = 1 ]; then
		echo "measured on a busy machine: the load was $load at the start"
		exit 0
	fi
	if [ "$left" -le 0 ]; then
		echo "quiet: the load is $load, and numbers of a busy machine are not worth keeping: stop what else runs, or set HEADSTART_BUSY=1" >&2
		exit 1
	fi
	[ "$left" -lt 180 ] || echo "quiet: the load is $load; waiting up to three minutes for 0.5" >&2
	sleep 5
	left=$((left - 5))
done
