#!/bin/bash
# Look up what the programs and the JupyterLab extension are made of in the databases of known vulnerabilities, and check the
# licenses of what the programs link. Exit status 3 means that a database cannot be reached, and names it.
#
#     scripts/audit.sh                      all of it
#     scripts/audit.sh go|npm|licenses      one part
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${HEADSTART_BIN:-$PWD/.headstart/bin}

unreachable() { # PART DATABASE
	echo "audit: $1: not checked: $2 cannot be reached" >&2
	exit 3
}

programs() {
	for program in headstart headstart-go headstart-transfer gonb goimports gopls dlv; do
		if [ ! -x "$bin/$program" ]; then
			echo "audit: $bin/$program is missing: make setup" >&2
			exit 1
		fi
		echo "$bin/$program"
	done
}

# What a program contains counts, not what a module could: -mode=binary.
audit_go() {
	tool=$(mktemp -d)
	trap 'rm -rf "$tool"' RETURN
	(cd tools/govulncheck && GOWORK=off CGO_ENABLED=0 go build -o "$tool/govulncheck" golang.org/x/vuln/cmd/govulncheck)
	while read -r program; do
		status=0
		"$tool/govulncheck" -mode=binary "$program" >"$tool/found" 2>&1 || status=$?
		if [ $status -ne 0 ] && grep -qiE 'fetching vulnerabilities|no such host|connection refused|proxyconnect|i/o timeout|dial tcp' "$tool/found"; then
			unreachable go "the Go vulnerability database"
		fi
		if [ $status -ne 0 ]; then
			echo "audit: $(basename "$program"):" >&2
			cat "$tool/found" >&2
			return 1
		fi
	done < <(programs)
	echo "audit: go: no known vulnerability in the programs"
}

# The extension's own packages; those that only build it are not shipped.
audit_npm() {
	command -v npm >/dev/null || unreachable npm "npm, which was not found on PATH,"
	found=$(cd nbhelpers/labextension && npm audit --omit=dev --package-lock-only 2>&1) && status=0 || status=$?
	if [ $status -ne 0 ] && grep -qE 'audit endpoint returned an error|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|network' <<<"$found"; then
		unreachable npm "npm's database of advisories"
	fi
	if [ $status -ne 0 ]; then
		echo "$found" >&2
		return 1
	fi
	echo "audit: npm: no known vulnerability in the packages of the extension"
}

audit_licenses() {
	programs >/dev/null
	notices=$(mktemp)
	trap 'rm -f "$notices"' RETURN
	GOWORK=off CGO_ENABLED=0 go run ./scripts/wheel -programs "$bin" -notices "$notices" >/dev/null
	echo "audit: licenses: all programs may be passed on with the notices ($(wc -l <"$notices") lines)"
}

case ${1:-all} in
go | npm | licenses) "audit_$1" ;;
all)
	lacking=0
	for part in licenses go npm; do
		status=0
		"$0" "$part" || status=$?
		case $status in
		0) ;;
		3) lacking=3 ;;
		*) exit "$status" ;;
		esac
	done
	exit "$lacking"
	;;
*)
	echo "audit: the part must be one of go, npm, licenses; got $1" >&2
	exit 2
	;;
esac
