#!/bin/bash
# Tries an image: docker/smoke.sh [IMAGE, default headstart:cpu] [more options of docker run, such as --gpus all].
# Everything but the health check runs without a network, with an empty volume over the home folder, as the image's user.
set -euo pipefail
image=${1:-headstart:cpu}
shift || true
engine=${ENGINE:-docker}
offline=(--rm --network none --tmpfs "/home/jovyan:uid=1000,mode=0755" "$@" "$image")
program=headstart # by its name, as docker/hub's job calls it

echo "== size"
size=$("$engine" image inspect --format '{{.Size}}' "$image")
echo "$((size / 1000000)) MB"
case $image in *cpu*) [ "$size" -lt 2500000000 ] || { echo "the CPU image is over 2.5 GB" >&2; exit 1; } ;; esac

echo "== doctor"
"$engine" run "${offline[@]}" "$program" doctor

echo "== the quickstart, without a network"
"$engine" run "${offline[@]}" "$program" run /opt/headstart/src/notebooks/01_quickstart.ipynb \
	--out /tmp/quickstart.ipynb --expect-training

echo "== the server becomes healthy"
container=$("$engine" run --detach "$@" "$image")
trap '"$engine" rm --force "$container" >/dev/null' EXIT
for _ in $(seq 60); do
	state=$("$engine" inspect --format '{{.State.Health.Status}}' "$container")
	[ "$state" = healthy ] && break
	sleep 2
done
[ "$state" = healthy ] || { "$engine" logs "$container" >&2; echo "the container is $state" >&2; exit 1; }
echo "all passed"
