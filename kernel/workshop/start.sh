#!/bin/sh
# Install Headstart from this folder, without a network, and open JupyterLab on the lessons.
#
#     sh start.sh [FOLDER [COMMAND...]]
#
# FOLDER is where everything goes, headstart-class in your home folder by default. COMMAND runs there instead of JupyterLab.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
class=${1:-$HOME/headstart-class}
[ $# -eq 0 ] || shift

python3 -P -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	echo "start.sh: Python 3.11 or newer is needed" >&2
	exit 1
}
mkdir -p "$class/lessons"
class=$(cd "$class" && pwd) # the command runs in another folder
if [ ! -e "$class/installed" ]; then
	echo "installing, which takes a minute ..."
	rm -rf "$class/venv"
	python3 -P -m venv "$class/venv"
	for wheel in "$here"/wheels/headstart_kernel-*.whl; do :; done
	"$class/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$here/wheels" "$wheel[EXTRAS]"
	: >"$class/installed"
fi
for lesson in "$here"/lessons/*; do
	[ -e "$class/lessons/$(basename "$lesson")" ] || cp "$lesson" "$class/lessons/"
done
for folder in datasets weights; do
	link=$class/lessons/$folder
	# A link of before leads nowhere once this folder is moved, or mounted elsewhere.
	if [ -L "$link" ] || [ ! -e "$link" ]; then ln -sfn "$here/$folder" "$link"; fi
done

# Go cells find the modules that they import here. The folder is your instructor's, so no other database vouches for them.
export GOPROXY="file://$here/modules" GOSUMDB=off
export PATH="$class/venv/bin:$PATH"
cd "$class/lessons"
[ $# -gt 0 ] || set -- jupyter lab
exec "$@"
