#!/bin/bash
# The part of the images that is more than a package list: builds Headstart from SOURCE, installs it into the prefix of the
# PYTHON that runs Jupyter, and fills Go's caches so that the first Go cell needs no network. Runs as root while an image is
# built; what sessions write to is handed to OWNER.
set -euo pipefail
source=${SOURCE:-/opt/headstart/src}
python=${PYTHON:-/opt/conda/bin/python}
device=${DEVICE:-cpu}
owner=${OWNER:-jovyan:users}
mod=${GOMODCACHE:-/opt/headstart/mod} build=${GOCACHE:-/opt/headstart/build}
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}" GOTOOLCHAIN=local

# The programs are built with caches that do not stay: gopls alone would leave several hundred megabytes in them.
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch" && rm -rf "$scratch"' EXIT
export GOMODCACHE="$scratch/mod" GOCACHE="$scratch/build"
cd "$source"
CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$scratch/bin/" ./kernel/cmd/headstart ./kernel/cmd/headstart-go
CGO_ENABLED=1 GOEXPERIMENT=simd go build -trimpath -ldflags='-s -w' -o "$scratch/bin/" ./magics/cmd/headstart-transfer
"$scratch/bin/headstart" install --sys-prefix --python "$python" --device "$device" --source "$source"
# Terminals and jobs call the command by its name; PATH of a session is the kernelspec's own business.
prefix=$("$python" -P -c 'import sys; print(sys.prefix)')
ln -sf "$prefix/lib/headstart/bin/headstart" "${LINKS:-/usr/local/bin}/headstart"

# What cells import, in the caches that stay. The modules are at hand, as the archives of the first cache.
GOPROXY="file://$scratch/mod/cache/download,$(go env GOPROXY)"
export GOPROXY GOMODCACHE="$mod" GOCACHE="$build"
go build -tags=pins ./nbhelpers/... ./models/...
find "$GOMODCACHE/cache/download" -name '*.zip' -delete # they were unpacked and are not read again
rm -rf /root/.cache
chown -R "$owner" "$GOMODCACHE" "$GOCACHE"
