#!/bin/bash
# Proves the set-up on a bare Debian: makes a root with debootstrap, with nothing but gcc, make, git and Python 3, puts Go and
# a clone of this checkout into it, and runs a step there as a user of its own.
#
#     scripts/freshroot.sh [--root DIR] demo    make demo in the clone
#     scripts/freshroot.sh [--root DIR] image   docker/setup.sh as root, then doctor and a notebook as the images' user,
#                                               without a network and with an empty home folder
#
# Needs root, debootstrap and a Go toolchain. A root that is given is kept and used again; otherwise it is removed.
set -euo pipefail
cd "$(dirname "$0")/.."
root=
if [ "${1:-}" = --root ]; then
	root=$2
	shift 2
fi
step=${1:-demo}
keep=$root
[ -n "$root" ] || root=$(mktemp -d)
go=$(go env GOROOT)

leave() {
	umount -l "$root/proc" "$root/dev" 2>/dev/null || true
	[ -n "$keep" ] || rm -rf "$root"
}
trap leave EXIT

[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase \
	--include=gcc,libc6-dev,make,python3,python3-venv,git,ca-certificates bookworm "$root"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev" || mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
[ -e "$root/usr/local/go" ] || cp -a "$go" "$root/usr/local/go"

settings=(PATH=/usr/local/go/bin:/usr/bin:/bin LANG=C.UTF-8 TERM=dumb)
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY GOPROXY GOSUMDB PIP_INDEX_URL; do
	[ -n "${!name:-}" ] && settings+=("$name=${!name}")
done
isolate=()
as() { # as USER HOME COMMAND...: with a bare environment
	local user=$1 home=$2
	shift 2
	"${isolate[@]}" chroot --userspec="$user:$user" "$root" /usr/bin/env -i "${settings[@]}" HOME="$home" USER="$user" "$@"
}
user() { chroot "$root" id "$1" >/dev/null 2>&1 || chroot "$root" useradd --create-home --shell /bin/bash "$1"; }

case $step in
demo)
	user newcomer
	rm -rf "$root/home/newcomer/headstart"
	git clone --quiet . "$root/home/newcomer/headstart"
	chroot "$root" chown -R newcomer: /home/newcomer
	as newcomer /home/newcomer make -C /home/newcomer/headstart demo
	;;
image)
	user jovyan
	rm -rf "$root/opt"
	mkdir -p "$root/opt/headstart"
	git clone --quiet . "$root/opt/headstart/src"
	rm -rf "$root/opt/headstart/src/.git"
	# The base image's Jupyter, here in a virtual environment at the same place.
	as root /root python3 -P -m venv /opt/conda
	as root /root /opt/conda/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r /opt/headstart/src/scripts/requirements.txt
	as root /root env OWNER=jovyan: bash /opt/headstart/src/docker/setup.sh
	# What the image adds to its base.
	du -smc "$root"/opt/headstart/* "$root/opt/conda/lib/headstart" "$root"/opt/conda/share/jupyter/labextensions/@headstart-nb \
		"$root/usr/local/go"
	rm -rf "$root/home/jovyan" && mkdir "$root/home/jovyan" && chroot "$root" chown jovyan: /home/jovyan
	settings+=(GOMODCACHE=/opt/headstart/mod GOCACHE=/opt/headstart/build GOTOOLCHAIN=local GOPROXY=off)
	# Sockets of the loopback interface are all that is left of the network.
	# shellcheck disable=SC2016
	isolate=(unshare --net sh -c 'ip link set lo up; exec "$@"' sh)
	program=/opt/conda/lib/headstart/bin/headstart
	as jovyan /home/jovyan "$program" doctor --python /opt/conda/bin/python
	as jovyan /home/jovyan "$program" run /opt/headstart/src/notebooks/01_quickstart.ipynb \
		--python /opt/conda/bin/python --out /home/jovyan/quickstart.ipynb --expect-training
	# Go cells that import the project's packages and GoMLX.
	as jovyan /home/jovyan "$program" run /opt/headstart/src/notebooks/03_in_go.ipynb \
		--python /opt/conda/bin/python --out /home/jovyan/in_go.ipynb
	# The server with the image's health check, both in one network.
	# shellcheck disable=SC2016
	as jovyan /home/jovyan bash -c '
		/opt/conda/bin/jupyter lab --no-browser --ServerApp.root_dir="$HOME" >"$HOME/server.log" 2>&1 &
		trap "kill $!" EXIT
		for _ in $(seq 30); do
			sleep 2
			if bash /opt/headstart/src/docker/healthcheck.sh; then echo "the server is healthy"; exit 0; fi
		done 2>/dev/null
		tail -20 "$HOME/server.log" >&2
		echo "freshroot: the server does not become healthy" >&2
		exit 1'
	;;
*)
	echo "freshroot: unknown step $step: demo or image" >&2
	exit 2
	;;
esac
