#!/bin/bash
# Builds images of docker/ without a container engine, and tries them: Debian's buildah with chroot isolation, as root.
#
#     scripts/images.sh [serve] [cpu]
#     scripts/images.sh here
#
# The published bases are replaced by stand-ins that this script makes of Debian packages: the Dockerfiles are the same, with other
# values of ARG BASE and GO. An image runs as its own user, without a network. HEADSTART_IMAGES is the folder for roots and images
# (default .headstart/images); it is kept, and the stand-ins in it are used again. Needs a network, buildah, debootstrap, iproute2
# and 12 GB.
#
# here builds docker/serve in seconds, for make test: the stand-ins consist of this machine's files, and what the Dockerfile downloads
# and compiles is what make setup has brought: the programs in HEADSTART_BIN, the plugin in PJRT_PLUGIN_LIBRARY_PATH. As root on Debian
# it installs the programs that it lacks. Status 3 says that this machine cannot do it.
set -euo pipefail
cd "$(dirname "$0")/.."
here=
[ "${1:-}" != here ] || here=yes
folder=${HEADSTART_IMAGES:-$PWD/.headstart/images${here:+-here}}
packages="buildah unzip util-linux iproute2 procps curl python3"
[ "$here" ] || packages+=" debootstrap"
lacks() {
	local program
	for program in buildah unzip unshare ip pgrep curl go python3 $([ "$here" ] || echo debootstrap); do
		command -v "$program" >/dev/null || { echo "$program" && return; }
	done
	return 1
}
[ "$(id -u)" = 0 ] || { echo "images: buildah's chroot isolation needs root" >&2; exit 3; }
if [ "$here" ] && lacks >/dev/null && command -v apt-get >/dev/null; then
	install="apt-get install -y -qq --no-install-recommends $packages"
	export DEBIAN_FRONTEND=noninteractive
	$install >/dev/null 2>&1 || { apt-get update -qq && $install >/dev/null; } || true
fi
! missing=$(lacks) || { echo "images: $missing was not found: apt-get install $packages" >&2; exit 3; }
unshare --net true 2>/dev/null || { echo "images: unshare --net was refused: images are tried in a namespace without a network" >&2; exit 3; }
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
volumes=() # that a build sees
leave() {
	[ ${#containers[@]} = 0 ] || b rm "${containers[@]}" >/dev/null || true
}
trap leave EXIT
# start IMAGE: a working container, whose name is in $container.
start() {
	container=$(b from --pull-never "$1")
	containers+=("$container")
}

# debian RELEASE ROOT PACKAGES: a bare Debian with this machine's certificates.
debian() {
	local release=$1
	shift
	rm -rf "$1"
	debootstrap --variant=minbase --include="$2" "$release" "$1" >"$1.log" || { tail -5 "$1.log" >&2; exit 1; }
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
	debian bookworm "$folder/go" ca-certificates
	cp -a "$(go env GOROOT)" "$folder/go/usr/local/go"
	base headstart-base-go "$folder/go" --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOPATH=/go
}
# As distroless/cc has it: the C and C++ libraries, certificates, a user, and no shell.
cc_base() {
	have headstart-base-cc && return
	echo "== stand-in for distroless/cc"
	debian bookworm "$folder/debian" ca-certificates,apt-utils
	local root=$folder/cc package
	rm -rf "$root"
	mkdir -p "$root"/{etc/ssl/certs,tmp,home/nonroot,proc,sys,dev,run}
	cp /etc/resolv.conf "$folder/debian/etc/resolv.conf"
	chroot "$folder/debian" sh -c 'cd /tmp && apt-get update -qq && apt-get download -qq -o APT::Sandbox::User=root base-files gcc-12-base libc6 libgcc-s1 libgomp1 libstdc++6 libssl3 netbase tzdata'
	for package in "$folder"/debian/tmp/*.deb; do dpkg-deb --extract "$package" "$root"; done
	rm -rf "$folder/debian" "$folder/debian.log"
	distroless "$root"
}
# distroless ROOT: adds certificates and a user to the libraries, and makes the image.
distroless() {
	local root=$1
	cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
	chmod 1777 "$root/tmp"
	chown 65532:65532 "$root/home/nonroot"
	base headstart-base-cc "$root" --user 65532 --workingdir /home/nonroot
}
# As Jupyter's base notebook has it: the Python that runs Jupyter below /opt/conda, here a virtual environment with the packages of
# scripts/requirements.txt; the user jovyan, who owns it; tini; and a command that starts JupyterLab on all interfaces.
notebook_base() {
	have headstart-base-notebook && return
	echo "== stand-in for Jupyter's base notebook"
	local root=$folder/notebook
	debian trixie "$root" ca-certificates,netbase,python3,python3-venv,tini
	chroot "$root" useradd --create-home --shell /bin/bash --uid 1000 --no-user-group --gid 100 jovyan
	cp scripts/requirements.txt "$root/tmp/requirements.txt"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	chroot "$root" python3 -P -m venv /opt/conda
	chroot "$root" /opt/conda/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
		-r /tmp/requirements.txt
	rm -f "$root/tmp/requirements.txt"
	chroot "$root" chown -R 1000:100 /opt/conda
	mkdir -p "$root/etc/jupyter"
	printf 'c.ServerApp.ip = ""\nc.ServerApp.open_browser = False\n' >"$root/etc/jupyter/jupyter_server_config.py"
	printf '#!/bin/sh\nexec jupyter lab "$@"\n' >"$root/usr/local/bin/start-notebook.py"
	chmod +x "$root/usr/local/bin/start-notebook.py"
	base headstart-base-notebook "$root" --env CONDA_DIR=/opt/conda --env SHELL=/bin/bash --env NB_USER=jovyan --env NB_UID=1000 \
		--env NB_GID=100 --env LANG=C.UTF-8 --env HOME=/home/jovyan --env PATH=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		--user 1000 --workingdir /home/jovyan --port 8888 --entrypoint '["tini", "-g", "--"]' --cmd start-notebook.py
}

# The Dockerfile of docker/serve finds its tools in stand-in/bin, first on PATH, and the others in this machine's /usr. What it would
# download and compile is there already.
here_go_base() {
	local standin=$folder/stand-in root=$folder/go plugin directory
	rm -rf "$standin" "$root"
	mkdir -p "$standin/bin" "$root"/{usr,stand-in,etc,tmp,var/lib/apt/lists,root,proc,sys,dev,run,modules}
	for directory in bin sbin lib lib64; do [ ! -L "/$directory" ] || ln -s "usr/$directory" "$root/$directory"; done
	cp -a /etc/passwd /etc/group /etc/ld.so.cache "$root/etc/"
	plugin=$(find_plugin) || { echo "images: PJRT_PLUGIN_LIBRARY_PATH has no plugin: make setup" >&2; exit 3; }
	python3 -P -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").write(sys.argv[2], "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so")' "$standin/plugin.whl" "$plugin"
	cp "$HEADSTART_BIN/headstart" "$HEADSTART_BIN/headstart-transfer" "$standin/"
	echo '#!/bin/sh' >"$standin/bin/apt-get"
	# shellcheck disable=SC2016
	{
		printf '#!/bin/sh\n# pip download ... --dest FOLDER\nfor folder; do :; done\nmkdir -p "$folder" && cp /stand-in/plugin.whl "$folder/"\n' >"$standin/bin/python3"
		# That all packages are in the image's context is still found out.
		printf '#!/bin/sh -e\n# go build ... -o PROGRAM PACKAGE\nfor package; do program=$to to=$package; done\n' >"$standin/bin/go"
		printf 'GOFLAGS="-mod=readonly $GOFLAGS" GOMODCACHE=/modules GOPROXY=off GOCACHE=/tmp/cache /toolchain/bin/go list -deps "$package" >/dev/null\n' >>"$standin/bin/go"
		printf 'mkdir -p "${program%%/*}" && cp "/stand-in/${program##*/}" "$program"\n' >>"$standin/bin/go"
	}
	chmod +x "$standin"/bin/*
	volumes=(--volume /usr:/usr:ro --volume "$standin:/stand-in:ro" --volume "$(go env GOMODCACHE):/modules:ro" --volume "$(go env GOROOT):/toolchain:ro")
	base headstart-base-go "$root" --env PATH=/stand-in/bin:/usr/sbin:/usr/bin:/sbin:/bin
}
find_plugin() {
	local place
	local -a places
	IFS=: read -r -a places <<<"${PJRT_PLUGIN_LIBRARY_PATH:-}"
	for place in "${places[@]}"; do
		[ ! -f "$place/pjrt_c_api_cpu_plugin.so" ] || { echo "$place/pjrt_c_api_cpu_plugin.so" && return; }
	done
	return 1
}
# This machine's C and C++ libraries, those that distroless/cc has, and what else it has: see cc_base.
here_cc_base() {
	local root=$folder/cc library
	rm -rf "$root"
	mkdir -p "$root"/{lib/x86_64-linux-gnu,lib64,etc/ssl/certs,tmp,home/nonroot,proc,sys,dev,run}
	for library in libc.so.6 libdl.so.2 libgcc_s.so.1 libgomp.so.1 libm.so.6 libpthread.so.0 libresolv.so.2 librt.so.1 libstdc++.so.6; do
		cp -L "/usr/lib/x86_64-linux-gnu/$library" "$root/lib/x86_64-linux-gnu/"
	done
	cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
	distroless "$root"
}

# build NAME BASE OURS...: the Dockerfile of docker/NAME, from a clone without what git ignores. OURS are folders, for the sizes.
build() {
	local name=$1 base=$2
	shift 2
	echo "== build docker/$name"
	! have "headstart-$name" || b rmi "headstart-$name" >/dev/null # of an earlier run
	rm -rf "$folder/context"
	git clone --quiet . "$folder/context"
	rm -rf "$folder/context/.git"
	b bud --format docker --pull-never "${volumes[@]}" --build-arg "BASE=localhost/$base" --build-arg GO=localhost/headstart-base-go \
		--file "docker/$name/Dockerfile" --tag "headstart-$name" "$folder/context"
	rm -rf "$folder/context"
	local ours before
	start "$base"
	before=$(du -sm "$(b mount "$container")" | cut -f1)
	start "headstart-$name"
	ours=$(du -sm "$(b mount "$container")" | cut -f1)
	echo "size: $ours MB, of which the base has $before MB"
	# shellcheck disable=SC2086 # these are patterns
	(cd "$(b mount "$container")" && du -smc $*)
}

# offline COMMAND...: with the loopback interface alone.
# shellcheck disable=SC2016
offline() { unshare --net sh -c 'ip link set lo up; exec "$@"' sh "$@"; }
# inside OPTIONS... -- COMMAND: runs in $container as the image's user, by offline.
inside() { offline buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs run "$@"; }

# config EXPRESSION: a list of words from the configuration c of the image in $container.
config() { b inspect "$container" | python3 -P -c "import json, sys; c = json.load(sys.stdin)['Docker']['config']; print(*($1))"; }

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
	${here:+here_}go_base
	${here:+here_}cc_base
	build serve headstart-base-cc 'opt/headstart/*'
	local models=$folder/models
	rm -rf "$models"
	draw "$models/images"
	chown -R 65532:65532 "$models"
	local volume=(--volume "$models:/models")
	echo "== train, as the image's user and without a network"
	inside "${volume[@]}" "$container" -- headstart train /models/images --weights sample --device cpu --out /models/model
	echo "== answer, as the image's command"
	local command
	read -r -a command < <(config 'c["Entrypoint"] + c["Cmd"]')
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
		curl --silent --fail http://127.0.0.1:8080/v2/health/live
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

# The checks of docker/smoke.sh, and a notebook with Go cells.
cpu() {
	go_base
	notebook_base
	build cpu headstart-base-notebook 'opt/headstart/* opt/conda/lib/headstart opt/conda/share/jupyter/labextensions/@headstart-nb usr/local/go'
	[ "$(config '[c["User"]]')" = 1000 ] || { echo "images: docker/cpu does not run as its base's user" >&2; exit 1; }
	local home=$folder/home program=headstart notebooks=/opt/headstart/src/notebooks
	rm -rf "$home"
	mkdir "$home"
	chown 1000:100 "$home"
	local volume=(--volume "$home:/home/jovyan")
	echo "== doctor, as the image's user, without a network and with an empty home folder"
	inside "${volume[@]}" "$container" -- "$program" doctor
	echo "== the quickstart"
	inside "${volume[@]}" "$container" -- "$program" run "$notebooks/01_quickstart.ipynb" --out /tmp/quickstart.ipynb --expect-training
	echo "== Go cells that import this project's packages and GoMLX"
	inside "${volume[@]}" "$container" -- "$program" run "$notebooks/03_in_go.ipynb" --out /tmp/in_go.ipynb
	echo "== the server becomes healthy, by the image's command and its health check"
	local command check
	read -r -a command < <(config 'c["Entrypoint"] + c["Cmd"]')
	check=$(config 'c["Healthcheck"]["Test"][1:]')
	# shellcheck disable=SC2016
	home=$home container=$container storage="$folder/storage" run="$folder/run" check=$check offline bash -euo pipefail -c '
		inside() { buildah --root "$storage" --runroot "$run" --storage-driver vfs run --volume "$home:/home/jovyan" "$container" -- "$@"; }
		inside "$@" >"$home/server.log" 2>&1 &
		server=$!
		trap "kill $server" EXIT
		for _ in $(seq 60); do
			sleep 2
			if said=$(inside "$check" 2>&1); then
				pid=$(pgrep --newest --full "^/opt/conda/bin/python.* /opt/conda/bin/jupyter-lab")
				[ "$(stat --format %u "/proc/$pid")" = 1000 ] || { echo "images: JupyterLab does not run as jovyan" >&2; exit 1; }
				kill -TERM "$pid"
				wait "$server" || true # it ends by this signal
				trap - EXIT
				exit
			fi
		done
		tail -20 "$home/server.log" >&2
		echo "images: the server does not become healthy: $said" >&2
		exit 1
	' sh "${command[@]}"
}

[ $# -gt 0 ] || set -- serve cpu
for image in "$@"; do
	case $image in
	serve | cpu) "$image" ;;
	here) serve ;;
	*) echo "images: unknown image $image: serve or cpu, or here" >&2; exit 2 ;;
	esac
done
echo "all passed"
