#!/bin/bash
# Builds the image of docker/serve without a container engine, and tries it: Debian's buildah with chroot isolation, as root.
#
# The published bases are replaced by stand-ins that this script makes of Debian packages: the Dockerfile is the same, with other
# values of ARG BASE and GO. The image runs as its own user, without a network. HEADSTART_IMAGES is the folder for roots and images
# (default .headstart/images); it is kept, and the stand-ins in it are used again. Needs a network, buildah, debootstrap, iproute2 and 4 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${HEADSTART_IMAGES:-$PWD/.headstart/images}
for program in buildah debootstrap unshare ip curl go python3; do
	command -v "$program" >/dev/null || { echo "images: $program was not found: apt-get install buildah debootstrap util-linux iproute2 curl python3" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "images: buildah's chroot isolation needs root" >&2; exit 1; }
mkdir -p "$folder"
export BUILDAH_ISOLATION=chroot
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$folder/policy.json" # only images of this machine are used
b() {
	local command=$1
	shift
	local policy=()
	case $command in from | commit | bud) policy=(--signature-policy "$folder/policy.json") ;; esac
	buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs "$command" "${policy[@]}" "$@"
}
containers=()
leave() {
	[ ${#containers[@]} = 0 ] || b rm "${containers[@]}" >/dev/null || true
}
trap leave EXIT
# start IMAGE: a working container, whose name is in $container.
start() {
	container=$(b from --pull-never "$1")
	containers+=("$container")
}

# debian ROOT PACKAGES: a bare Debian with this machine's certificates.
debian() {
	rm -rf "$1"
	debootstrap --variant=minbase --include="$2" bookworm "$1" >"$1.log" || { tail -5 "$1.log" >&2; exit 1; }
	rm -rf "$1"/var/cache/apt/archives/*.deb
	cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
}
# base NAME ROOT OPTIONS OF CONFIG...: makes an image of a root, which is removed.
base() {
	local name=$1 root=$2
	shift 2
	start scratch
	b copy --quiet "$container" "$root" / >/dev/null
	b config "$@" "$container"
	b commit --quiet --format docker "$container" "$name" >/dev/null
	rm -rf "$root" "$root.log"
}
have() { b inspect --type image "$1" >/dev/null 2>&1; }

go_base() {
	have headstart-base-go && return
	echo "== stand-in for the base with Go"
	debian "$folder/go" ca-certificates
	cp -a "$(go env GOROOT)" "$folder/go/usr/local/go"
	base headstart-base-go "$folder/go" --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOPATH=/go
}
# As distroless/cc has it: the C and C++ libraries, certificates, a user, and no shell.
cc_base() {
	have headstart-base-cc && return
	echo "== stand-in for distroless/cc"
	debian "$folder/debian" ca-certificates,apt-utils
	local root=$folder/cc package
	rm -rf "$root"
	mkdir -p "$root"/{etc/ssl/certs,tmp,home/nonroot,proc,sys,dev,run}
	cp /etc/resolv.conf "$folder/debian/etc/resolv.conf"
	chroot "$folder/debian" sh -c 'cd /tmp && apt-get update -qq && apt-get download -qq -o APT::Sandbox::User=root base-files gcc-12-base libc6 libgcc-s1 libgomp1 libstdc++6 libssl3 netbase tzdata'
	for package in "$folder"/debian/tmp/*.deb; do dpkg-deb --extract "$package" "$root"; done
	cp "$folder/debian/etc/ssl/certs/ca-certificates.crt" "$root/etc/ssl/certs/"
	printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
	chmod 1777 "$root/tmp"
	chown 65532:65532 "$root/home/nonroot"
	rm -rf "$folder/debian" "$folder/debian.log"
	base headstart-base-cc "$root" --user 65532 --workingdir /home/nonroot
}

# build NAME BASE: the Dockerfile of docker/NAME, from a clone without what git ignores.
build() {
	local name=$1
	echo "== build docker/$name"
	rm -rf "$folder/context"
	git clone --quiet . "$folder/context"
	rm -rf "$folder/context/.git"
	b bud --format docker --pull-never --build-arg "BASE=localhost/$2" --build-arg GO=localhost/headstart-base-go \
		--file "docker/$name/Dockerfile" --tag "headstart-$name" "$folder/context"
	rm -rf "$folder/context"
	local ours before
	start "$2"
	before=$(du -sm "$(b mount "$container")" | cut -f1)
	start "headstart-$name"
	ours=$(du -sm "$(b mount "$container")" | cut -f1)
	echo "size: $ours MB, of which the base has $before MB"
	(cd "$(b mount "$container")" && du -sm opt/headstart/*)
}

# offline COMMAND...: with the loopback interface alone.
# shellcheck disable=SC2016
offline() { unshare --net sh -c 'ip link set lo up; exec "$@"' sh "$@"; }
# inside OPTIONS... -- COMMAND: runs in $container as the image's user, by offline.
inside() { offline buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs run "$@"; }

# draw FOLDER: images of two classes.
draw() {
	python3 -P - "$1" <<'PYTHON'
import pathlib
import random
import struct
import sys
import zlib

random.seed(1)


def chunk(kind, data):
	return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


for name, color in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
	folder = pathlib.Path(sys.argv[1], name)
	folder.mkdir(parents=True)
	for i in range(10):
		rows = b"".join(b"\0" + bytes(min(255, c + random.randrange(50)) for _ in range(64) for c in color) for _ in range(64))
		header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
		(folder / f"{i}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
}

serve() {
	go_base
	cc_base
	build serve headstart-base-cc
	local models=$folder/models
	rm -rf "$models"
	draw "$models/images"
	chown -R 65532:65532 "$models"
	local volume=(--volume "$models:/models")
	echo "== train, as the image's user and without a network"
	inside "${volume[@]}" "$container" -- headstart train /models/images --weights sample --device cpu --out /models/model
	echo "== answer, as the image's command"
	local command
	read -r -a command < <(b inspect "$container" | python3 -P -c 'import json, sys; c = json.load(sys.stdin)["Docker"]["config"]; print(*c["Entrypoint"], *c["Cmd"])')
	inside_server "$models" "${command[@]}"
}

# inside_server MODELS COMMAND...: the server and its client share a network of their own.
inside_server() {
	local models=$1
	shift
	# shellcheck disable=SC2016
	models=$models container=$container storage="$folder/storage" run="$folder/run" offline bash -euo pipefail -c '
		buildah --root "$storage" --runroot "$run" --storage-driver vfs run --volume "$models:/models:ro" "$container" -- "$@" &
		trap "kill $!" EXIT
		curl --silent --fail --retry 120 --retry-delay 1 --retry-all-errors http://127.0.0.1:8080/v2/health/ready >/dev/null
		pid=$(pgrep --newest --full "^/opt/headstart/bin/headstart.* serve /models/model")
		[ "$(stat --format %u "/proc/$pid")" = 65532 ] || { echo "images: the server does not run as 65532" >&2; exit 1; }
		for class in red blue; do
			answer=$(curl --silent --fail --data-binary "@$models/images/$class/3.png" "http://127.0.0.1:8080/v1/predict?top=1")
			echo "$answer"
			case $answer in *"\"$class\""*) ;; *) echo "images: $class is not recognized" >&2; exit 1 ;; esac
		done
		kill -TERM "$pid"
		wait # the server ends well
		trap - EXIT
	' sh "$@"
}

serve
echo "all passed"
