#!/bin/bash
# The check before a release: clones the checkout and runs make demo (or the targets given) with an empty home, module
# cache and build cache, as a newcomer's machine has them.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
cleanup() { chmod -R u+w "$work" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
git clone --quiet . "$work/headstart"
mkdir "$work/home" "$work/tmp"
keep=()
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY GOPROXY GOSUMDB GOFLAGS SSL_CERT_FILE PIP_CERT PIP_INDEX_URL PIP_FIND_LINKS; do
	[ -n "${!name:-}" ] && keep+=("$name=${!name}")
done
cd "$work/headstart"
env -i "${keep[@]}" PATH="$PATH" LANG=C.UTF-8 HOME="$work/home" TMPDIR="$work/tmp" \
	GOMODCACHE="$work/home/mod" GOCACHE="$work/home/build" make "${@:-demo}"
