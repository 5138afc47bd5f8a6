#!/bin/bash
# The part of the images that is more than a package list: builds Headstart from SOURCE, installs it into the prefix of the
# PYTHON that runs Jupyter, and fills Go's caches so that the first Go cell needs no network. Runs as root while an image is
# built; what sessions write to is handed to OWNER.
set -euo pipefail
source=${SOURCE:-/opt/headstart/src}
python=${PYTHON:-/opt/conda/bin/python}
device=${DEVICE:-cpu}
owner=${OWNER:-jovyan:users}
export GOMODCACHE=${GOMODCACHE:-/opt/headstart/mod} GOCACHE=${GOCACHE:-/opt/headstart/build}
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}" GOTOOLCHAIN=local

cd "$source"
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$programs/" ./kernel/cmd/headstart ./kernel/cmd/headstart-go
CGO_ENABLED=1 go build -trimpath -ldflags='-s -w' -o "$programs/" ./magics/cmd/headstart-transfer
"$programs/headstart" install --sys-prefix --python "$python" --device "$device" --source "$source"
go build ./nbhelpers/... ./models/... # what cells import

# The zip archives were unpacked and are not read again; the images are smaller without them.
find "$GOMODCACHE/cache/download" -name '*.zip' -delete
rm -rf /root/.cache
chown -R "$owner" "$GOMODCACHE" "$GOCACHE"
