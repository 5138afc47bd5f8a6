package backbone

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/resnet"
)

// TestCompareWithPublishers runs the publishers' own packages now, at full size, and prints the table of differences. It
// takes minutes, and the Python that HEADSTART_PEERS_PYTHON names, with the packages that testdata/make_golden.py lists.
func TestCompareWithPublishers(t *testing.T) {
	python := os.Getenv("HEADSTART_PEERS_PYTHON")
	if python == "" {
		need.Lack(t, need.Peers, "HEADSTART_PEERS_PYTHON does not name a Python with keras, tensorflow-cpu, torch, torchvision, timm and transformers: make compare")
	}
	device := openCPU(t)
	fmt.Printf("largest difference of each output, as a part of its largest magnitude; 2 images of 224 by 224\n%-24s", "")
	for _, name := range outputNames {
		fmt.Printf(" %9s", name)
	}
	fmt.Println()
	for _, publisher := range []string{"keras", "torchvision", "timm", "huggingface"} {
		for _, depth := range []string{"50", "101", "152"} {
			if publisher == "timm" && depth != "50" {
				continue // the same network as torchvision's
			}
			folder := t.TempDir()
			command := exec.Command(python, filepath.Join("testdata", "make_golden.py"), publisher, depth, "224", folder, "100000")
			command.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=3", "PYTHONDONTWRITEBYTECODE=1")
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", command, err, output)
			}
			g := openGoldenFile(t, filepath.Join(folder, publisher+depth+".safetensors"))
			b := g.open(t, resnet.Options{Top: true})
			formulations := []resnet.Formulation{resnet.FormulationPlain}
			if depth == "50" {
				formulations = []resnet.Formulation{formulationUnfolded, resnet.FormulationPlain, resnet.FormulationWinograd}
			}
			for _, formulation := range formulations {
				differences := checkGolden(t, g, b, device, formulation)
				fmt.Printf("%-24s", publisher+depth+" "+string(formulation))
				for _, name := range outputNames {
					fmt.Printf(" %9.1e", differences[name])
				}
				fmt.Println()
			}
		}
	}
}
