#!/bin/bash
# What a warm model takes for one image, as a multiple of its backbone's bare pass, and what a search of 100 heads takes on
# 500 cached images.
set -euo pipefail
cd "$(dirname "$0")/.."
GOEXPERIMENT=simd go test -run '^$' -bench 'PredictOne' -benchtime 30x ./models/classifier
GOEXPERIMENT=simd go test -run '^$' -bench 'Search' -benchtime 1x ./models/training
