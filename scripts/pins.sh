#!/bin/sh
# Write the hashes of every file that pip may fetch for an installation, as the package index publishes them: of what
# scripts/requirements.txt pins, of the PJRT plugins for CUDA with NVIDIA's libraries, and of what tests and benchmarks install
# (each NAME.in makes a NAME.txt with all that it needs). Needs uv and the network.
#
#     scripts/pins.sh
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v uv >/dev/null; then
	echo "pins: uv was not found: install it with pip" >&2
	exit 3
fi

# hashes INPUT OUTPUT [FLAGS]: the projects of INPUT, each with all of its files' hashes.
hashes() {
	in=$1 out=$2
	shift 2
	uv pip compile --quiet --generate-hashes --no-header --no-annotate "$@" "$in" --output-file "$out" >/dev/null
}

list=scripts/requirements.txt
grep '^#' $list >"$work/head"
sed -n 's/^\([A-Za-z0-9._-]*==[^ \\]*\).*/\1/p' $list >"$work/requirements.in"
hashes "$work/requirements.in" "$work/requirements.txt" --no-deps --python-version 3.11
cat "$work/head" "$work/requirements.txt" >$list

# The plugin is at the version of the CPU's, so that both have the interface that go-xla was built for.
version=$(sed -n 's/.*project: "lammps-jax-pjrt-cpu", version: "\([^"]*\)".*/\1/p' kernel/install/pjrt.go)
for cuda in cuda12 cuda13; do
	printf 'jax-%s-pjrt==%s\njax-%s-plugin[with-cuda]==%s\n' $cuda "$version" $cuda "$version" >"$work/$cuda.in"
	hashes "$work/$cuda.in" "$work/$cuda.txt" --python-version 3.12 --python-platform x86_64-manylinux_2_31
	# Jax's own half is not used, and headers are for compilers.
	awk -v skip="^(jax-$cuda-plugin|nvidia-cuda-cccl|nvidia-cuda-crt)" '
		/^[a-z]/ { keep = $0 !~ skip } keep
	' "$work/$cuda.txt" >"$work/$cuda.kept"
	{
		echo "# The PJRT plugin for CUDA ${cuda#cuda} and NVIDIA's libraries, which it loads: see cuda.go."
		cat "$work/$cuda.kept"
	} >kernel/install/$cuda.txt
done

git ls-files '*.in' | while read -r list; do
	hashes "$list" "$work/list.txt" --universal --python-version 3.11
	{
		echo "# Made from $(basename "$list") by scripts/pins.sh."
		cat "$work/list.txt"
	} >"${list%.in}.txt"
done
