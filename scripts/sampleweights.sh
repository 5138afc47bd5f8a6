#!/bin/bash
# Trains the weights that come with Headstart (--weights sample) anew: Go draws the images, PyTorch trains. It installs
# PyTorch into a virtual environment of its own (6 GB with the CUDA libraries that its package brings) and takes about 45 minutes
# on one core with AMX or AVX512-BF16, and several times as long on one without. Flags go to each of the three phases:
# --images 400 --test 116 --steps 20 --small 10 tries the whole way out in minutes, with weights that are worth nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.headstart/sample-weights-venv
work=.headstart/sample-weights
target=models/sampleset/pretrained
if ! cmp -s "$target/requirements.txt" "$venv/requirements.txt"; then
	echo "installing PyTorch ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$target/requirements.txt"
	cp "$target/requirements.txt" "$venv/requirements.txt"
fi
mkdir -p "$work"
CGO_ENABLED=0 go build -o "$work/draw" "./$target/draw"
echo "training: about 45 minutes on one core"
flags=("$@")
train() {
	"$venv/bin/python" -P "$target/train.py" --draw "$work/draw" --work "$work" "$@" "${flags[@]}"
}
train --phase 1 --out "$work/first.safetensors" --log "$work/first.log"
train --phase 2 --start "$work/first.safetensors" --out "$work/second.safetensors" --log "$work/second.log"
train --phase 3 --start "$work/second.safetensors" --out "$work/third.safetensors" --log "$work/third.log"
cp "$work/third.safetensors" "$target/resnet50_conv3.safetensors"
cat "$work/first.log" "$work/second.log" "$work/third.log" >"$target/train.log"
rm -f "$work"/*.rgb
(cd "$target" && sha256sum resnet50_conv3.safetensors >resnet50_conv3.sha256)
echo "the new weights and their log are in $target; go test ./models ./models/resnet/backbone says whether they load and transfer"
