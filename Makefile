# Everything that these commands install goes into .headstart; make clean removes it.
.DEFAULT_GOAL := help
.PHONY: help setup demo lab test fmt vet staticcheck lint fuzz bench bench-cuda platforms compare fresh images serve-soak labextension audit sample-weights tour wheel wheel-test hub-test nbgrader-test servers-test clients-test testbed workshop-test job-test clean

HERE := $(CURDIR)
STATE := $(HERE)/.headstart
# The folders with XLA plugins, as the installation found or filled them.
PLUGINS = $$($(STATE)/venv/bin/python -P -c 'import json, sys; print(json.load(open(sys.argv[1]))["env"]["PJRT_PLUGIN_LIBRARY_PATH"])' \
	$(STATE)/venv/share/jupyter/kernels/headstart/kernel.json)
# The loops of models/imageio over many samples at once are an experiment of Go 1.26. Tests have it too, so that what they
# compile is what setup compiled.
VECTORS := $(if $(findstring go1.26,$(shell go env GOVERSION 2>/dev/null)),GOEXPERIMENT=simd)
SETUP := CGO_ENABLED=0 go run ./kernel/cmd/headstart install --checkout .

# What tests and benchmarks need, as the kernelspec gives it to a session.
export HEADSTART_BIN := $(STATE)/bin
export HEADSTART_SRC := $(HERE)
export HEADSTART_SHARED ?= $(abspath $(HERE)/../shared)
export GOMLX_NO_AUTO_INSTALL := 1
export PATH := $(STATE)/bin:$(PATH)

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

setup: ## install Jupyter, GoNB, goimports, gopls, Delve and XLA, build the programs, install the kernel
	@command -v go >/dev/null || { echo "make: the Go toolchain was not found: unpack Go 1.26.5 or newer from go.dev/dl into /usr/local and put /usr/local/go/bin on PATH" >&2; exit 1; }
	@echo "compiling the installer ..."
	@$(SETUP)
	@scripts/modules.sh

demo: setup ## train on the sample images in a notebook, and print the result
	@$(STATE)/bin/headstart run notebooks/01_quickstart.ipynb --label demo --expect-training \
		--out $(STATE)/demo/01_quickstart.ipynb --html $(STATE)/demo/01_quickstart.html

lab: setup ## open JupyterLab
	$(STATE)/venv/bin/jupyter lab

test: setup fmt vet staticcheck ## run every test
	PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" $(VECTORS) HEADSTART_WAIVE="$$HEADSTART_WAIVE; browser=scripts/browser.sh runs these tests" \
		go test -p 2 -timeout 20m ./...
	HEADSTART_WAIVE="$$HEADSTART_WAIVE; simd=these are the plain loops" go test ./models/imageio/...
	cd magics/cmd/headstart-sql && go test ./...
	cd tests/kubernetes && go test ./...
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" scripts/browser.sh

fmt:
	@unformatted=$$(git ls-files '*.go' | grep -v /testdata/ | xargs gofmt -l); \
		test -z "$$unformatted" || { echo "not formatted (run gofmt -w): $$unformatted" >&2; exit 1; }

vet:
	$(VECTORS) go vet ./...

staticcheck: # built once; its version and hashes are in tools/staticcheck
	@cd tools/staticcheck && CGO_ENABLED=0 go build -o $(STATE)/tools/staticcheck honnef.co/go/tools/cmd/staticcheck
	$(VECTORS) $(STATE)/tools/staticcheck ./...

lint: ## run golangci-lint, where it is installed
	@scripts/lint.sh

fuzz: setup ## run every fuzz target for a while (FUZZTIME=30s)
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" $(VECTORS) scripts/fuzz.sh $(or $(FUZZTIME),30s)

bench: setup ## run every benchmark script in bench/
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" scripts/bench.sh

bench-cuda: setup ## compare with PyTorch and JAX on an NVIDIA card, where there is one
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" $(VECTORS) scripts/bench-cuda.sh

audit: setup ## look up known vulnerabilities of what is shipped, and check licenses; says which database cannot be reached
	@scripts/audit.sh

platforms: ## check what builds for macOS and for Linux on arm64
	@scripts/platforms.sh

compare: setup ## compare ResNet with its publishers' packages, at full size (slow)
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" scripts/compare.sh

fresh: ## run make demo from a clone, with an empty home and empty caches
	@scripts/fresh.sh

images: ## build docker/serve and docker/cpu by buildah from stand-in bases, and try them; needs root, buildah and debootstrap (12 GB)
	@scripts/images.sh

serve-soak: ## send a model server 100,000 requests among faults; a quarter of an hour of two cores
	@python3 -P scripts/servesoak.py

labextension: ## build the JupyterLab extension again and check its sources; needs Node.js
	@scripts/labextension.sh --build
	@scripts/labextension.sh

tour: setup ## take the screenshots of docs/tour.md anew, in JupyterLab; needs Node.js and Chromium
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" HEADSTART_BROWSER_SCRIPTS='tour*' HEADSTART_SCREENSHOTS="$(STATE)/screenshots" scripts/browser.sh
	@for picture in $(STATE)/screenshots/tour-*.jpg; do name=$${picture##*/tour-}; cp "$$picture" "docs/tour/$$name"; done

sample-weights: ## train the weights of --weights sample anew, about 45 minutes of one core; installs PyTorch (6 GB)
	@scripts/sampleweights.sh

wheel: ## build dist/headstart_kernel-VERSION-...whl, for pip
	@rm -f dist/headstart_kernel-*.whl
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} CGO_ENABLED=0 go run ./scripts/wheel -out dist

wheel-test: wheel ## install the wheel into fresh environments without a network, by pip and by uvx, and run notebooks there (1.5 GB)
	python3 -P -m pip download --quiet --disable-pip-version-check --require-hashes --dest $(STATE)/wheels -r scripts/tools/uv.txt
	python3 -P -m pip download --quiet --disable-pip-version-check --dest $(STATE)/wheels "$$(ls dist/headstart_kernel-*.whl)[lab,go,cc]"
	HEADSTART_WHEELS=$(STATE)/wheels $(VECTORS) go test ./tests -run TestWheel -v -timeout 60m

hub-test: wheel ## let three users of a local JupyterHub train at once with the wheel; needs root and Node.js (1.5 GB)
	@scripts/hubtest.sh

nbgrader-test: setup ## grade right and wrong submissions of the lessons with nbgrader (0.6 GB; LESSONS="05 09" for some)
	@scripts/nbgradertest.sh

testbed: setup ## run the kernel through runtimed's kernel-testbed; needs Rust, and GitHub the first time
	@scripts/testbed.sh

servers-test: setup ## run notebooks by Jupyter servers that execute cells by themselves, and look at one in a browser (0.5 GB)
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" scripts/serverstest.sh

clients-test: setup ## ask a model server by the clients of KServe and NVIDIA, and read kserve.yaml by KServe's types (0.5 GB)
	@PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" $(VECTORS) scripts/clientstest.sh

workshop-test: wheel setup ## prepare a class, and be its student without a network; needs root (2 GB)
	@scripts/workshoptest.sh

CONTROL_PLANE := $(STATE)/tools/kubernetes
job-test: setup ## give the Deployment to a real API server, and run the printed Job with its controller, without containers; building them takes 10 minutes the first time
	@mkdir -p $(CONTROL_PLANE)
	@cd tools/kubernetes && CGO_ENABLED=0 go build -ldflags='-s -w' -o $(CONTROL_PLANE)/etcd go.etcd.io/etcd/server/v3
	@cd tools/kubernetes && CGO_ENABLED=0 go build -ldflags='-s -w' -o $(CONTROL_PLANE)/ k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager
	cd tests/kubernetes && go vet -tags job ./... && HEADSTART_CONTROL_PLANE=$(CONTROL_PLANE) PJRT_PLUGIN_LIBRARY_PATH="$(PLUGINS)" go test -tags job -count=1 -run 'TestJobRuns|TestAPIServer' -v -timeout 20m .

clean: ## remove all that was set up
	chmod -R u+w .headstart 2>/dev/null; rm -rf .headstart
