#!/bin/bash
# Prepares a class, and is its student: in a network namespace without interfaces, with an empty home folder, and with Python and the
# system's own tools alone on PATH. Needs root for the namespace; the wheel is in dist/.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
wheel=$(ls dist/headstart_kernel-*.whl)
"${HEADSTART_BIN:-.headstart/bin}/headstart" workshop prepare --wheel "$wheel" --out "$folder/class"
mkdir "$folder/home" "$folder/python"
ln -s "$(python3 -P -c 'import sys; print(sys.executable)')" "$folder/python/python3"
student() {
	unshare --net env -i HOME="$folder/home" PATH="$folder/python:/usr/bin:/bin" \
		sh -c 'ip link set lo up; exec sh "$0" "$@"' "$folder/class/start.sh" "$folder/home/class" "$@"
}
for lesson in 01_quickstart 03_in_go; do
	student headstart run "$lesson.ipynb" --label "$lesson"
done
# Lesson 09 builds a plugin.
student sh -ec 'rm -rf headstart-shout; headstart plugin new shout; cd headstart-shout; go test .; headstart plugin install .'
