#!/bin/sh
# Test what people see: check the JupyterLab extension, then drive JupyterLab and Notebook 7 in a real browser. The browser is
# the one in HEADSTART_CHROMIUM or on PATH; as root on Debian the distribution's package is installed where there is none.
# The argument -update writes the golden images. What is missing is named. That is a failure only with HEADSTART_REQUIRE=all: users need neither Node.js nor a browser.
set -eu
cd "$(dirname "$0")/.."

skip() {
	case "${HEADSTART_REQUIRE:-}/${HEADSTART_WAIVE:-}" in
	*browser=*) ;;
	all/*) echo "browser: FAILED: $1; HEADSTART_REQUIRE=all allows no skip that HEADSTART_WAIVE does not name" >&2; exit 1 ;;
	esac
	echo "browser: SKIPPED: $1" >&2
	exit 0
}

case ";${HEADSTART_WAIVE:-}" in
*browser=*) skip "HEADSTART_WAIVE names the browser tests" ;;
esac

status=0
scripts/labextension.sh || status=$?
case $status in
0) ;;
3) skip "the checks of the extension and the browser tests need what is named above" ;;
*) exit "$status" ;;
esac

find_browser() { # its path, if there is one
	[ -z "${HEADSTART_CHROMIUM:-}" ] || { echo "$HEADSTART_CHROMIUM" && return; }
	command -v chromium || command -v chromium-browser || command -v google-chrome
}
is_debian() { (. /etc/os-release && [ "$ID" = debian ]) 2>/dev/null; }
if ! find_browser >/dev/null && [ "$(id -u)" = 0 ] && is_debian; then
	echo "browser: installing chromium with apt-get ..."
	install="apt-get install -y -qq --no-install-recommends chromium"
	export DEBIAN_FRONTEND=noninteractive
	$install >/dev/null 2>&1 || { apt-get update -qq && $install >/dev/null; } || true
fi
HEADSTART_CHROMIUM=$(find_browser) || skip "no Chromium on PATH or in HEADSTART_CHROMIUM: apt-get install chromium"

export HEADSTART_CHROMIUM HEADSTART_PACKAGES="$PWD/.headstart/labextension"
export HEADSTART_SCREENSHOTS="${HEADSTART_SCREENSHOTS:-$PWD/.headstart/screenshots}"
mkdir -p "$HEADSTART_SCREENSHOTS"
echo "browser: testing with $HEADSTART_CHROMIUM; screenshots go to $HEADSTART_SCREENSHOTS ..."
go test -count=1 -v -timeout 15m -run "${HEADSTART_BROWSER_TESTS:-TestBrowser|TestPage}" ./tests/browser "$@"
