package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/kernel/install"
)

// sessionEnv is what the kernelspec gives a session, apart from the PATH.
func (s *subject) sessionEnv() map[string]string {
	env, err := s.Layout.Session(s.getenv)
	if err != nil {
		env = map[string]string{"PJRT_PLUGIN_LIBRARY_PATH": s.Layout.Lib(), "GOMLX_NO_AUTO_INSTALL": "1"}
	}
	return env
}

// checkPlugin looks for the plugin's file; checkDevice loads it.
func checkPlugin(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "XLA plugin"
	folders := filepath.SplitList(s.sessionEnv()["PJRT_PLUGIN_LIBRARY_PATH"])
	var found []string
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if !strings.Contains(entry.Name(), "pjrt") || entry.IsDir() {
				continue
			}
			file := filepath.Join(folder, entry.Name())
			if err := install.CheckPlugin(ctx, file); err != nil {
				return failed(name, fmt.Sprintf("%s is damaged: %v", file, err), "remove it and run "+s.Layout.Command())
			}
			found = append(found, file)
		}
	}
	if len(found) == 0 {
		return failed(name, fmt.Sprintf("there is none in %s: the slow pure Go backend is used", strings.Join(folders, ", ")), s.Layout.Command())
	}
	return ok(name, strings.Join(found, ", "))
}

// deviceReport is what headstart-transfer doctor --json prints.
type deviceReport struct {
	Device      string  `json:"device"`
	Description string  `json:"description"`
	OpenMS      int64   `json:"open_ms"`
	CompileMS   int64   `json:"compile_ms"`
	LargestDiff float64 `json:"largest_difference"`
	Fallback    string  `json:"fallback"`
	Vectorized  bool    `json:"vectorized_decoding"`
	Error       string  `json:"error"`
}

// checkDevice lets headstart-transfer open the device, compile a matrix product, run it and compare it with Go's: the
// kernel itself links no code that could.
func checkDevice(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "device"
	program := s.Layout.Program("headstart-transfer")
	if !exists(program) {
		return failed(name, program+" is missing: models cannot be computed", s.Layout.Command())
	}
	var env []string
	for key, value := range s.sessionEnv() {
		env = append(env, key+"="+value)
	}
	out, err := run(ctx, env, "", program, "doctor", "--json")
	var report deviceReport
	if jsonErr := json.Unmarshal([]byte(out), &report); jsonErr != nil {
		if err == nil {
			err = fmt.Errorf("it answered %q", oneLine(out))
		}
		return failed(name, fmt.Sprintf("%s cannot compute: %v", program, err), s.Layout.Command())
	}
	fix := "remove the plugin that the line above names and run " + s.Layout.Command()
	switch {
	case report.Error != "":
		return failed(name, oneLine(report.Error), fix)
	case err != nil:
		return failed(name, fmt.Sprintf("%s failed: %v", program, err), fix)
	case report.Device == "go" && checkPlugin(ctx, s).Severity == diagnosis.OK: // it is there, and does not load
		return failed(name, "the slow pure Go backend is used: "+oneLine(report.Fallback), fix)
	case report.Device == "go":
		return warning(name, "no XLA plugin could be used: the slow pure Go backend is used", s.Layout.Command())
	case report.Fallback != "":
		return warning(name, report.Device+" computes: "+oneLine(report.Fallback), s.Layout.Command()+" --device cuda")
	}
	loops := "plain"
	if report.Vectorized {
		loops = "AVX2"
	}
	return ok(name, fmt.Sprintf("%s: a matrix product compiled and ran in %d ms, off by %.1g at most; images are decoded by %s loops",
		report.Device, report.OpenMS+report.CompileMS, report.LargestDiff, loops))
}

// wantedMemory is what training a head on a frozen ResNet50 takes at batch 32, with room for the rest of the session.
const wantedMemory = 2 << 30

func checkMemory(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "memory"
	var found []string
	short := false
	if r := memory.ReadRoom(s.root); r.Total > 0 { // of a container, of a server of JupyterHub, or of the machine
		found = append(found, fmt.Sprintf("host %s free of %s", size(uint64(r.Available)), size(uint64(r.Total))))
		if r.Available < wantedMemory {
			short = true
		}
	}
	gpus, gpuErr := s.gpuMemory(ctx)
	for _, gpu := range gpus {
		found = append(found, fmt.Sprintf("GPU %d %s free of %s", gpu.index, size(gpu.free), size(gpu.total)))
		if gpu.free < wantedMemory {
			short = true
		}
	}
	switch {
	case gpuErr != nil:
		return warning(name, fmt.Sprintf("%s; the GPU does not answer: %v", strings.Join(found, ", "), gpuErr), "nvidia-smi says more; restarting the machine often helps")
	case short:
		return warning(name, strings.Join(found, ", ")+": training needs 2 GB", "end other programs, or train with a smaller --batch")
	case len(found) == 0:
		return ok(name, "not known on this system")
	}
	return ok(name, strings.Join(found, ", "))
}

type gpu struct {
	index       int
	total, free uint64
}

// gpuMemory asks NVIDIA's driver, where one is loaded.
func (s *subject) gpuMemory(ctx context.Context) ([]gpu, error) {
	if !exists(filepath.Join(s.root, "proc", "driver", "nvidia", "version")) {
		return nil, nil
	}
	out, err := run(ctx, nil, "", "nvidia-smi", "--query-gpu=index,memory.total,memory.free", "--format=csv,noheader,nounits")
	if err != nil {
		return nil, err
	}
	return parseGPUs(out)
}

// parseGPUs reads lines of index, total and free memory in MiB.
func parseGPUs(out string) ([]gpu, error) {
	var gpus []gpu
	for line := range strings.Lines(out) {
		var g gpu
		if _, err := fmt.Sscanf(line, "%d, %d, %d", &g.index, &g.total, &g.free); err != nil {
			return nil, fmt.Errorf("nvidia-smi answered %q", oneLine(line))
		}
		g.total, g.free = g.total<<20, g.free<<20
		gpus = append(gpus, g)
	}
	return gpus, nil
}

func size(bytes uint64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}
