package install

import (
	"os"
	"strings"
	"testing"
)

// The image of the model server brings the same plugin as an installation.
func TestTheServeImageHasTheSamePlugin(t *testing.T) {
	data, err := os.ReadFile("../../docker/serve/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	w := cpuWheels()["linux/amd64"]
	for _, want := range []string{"PLUGIN=" + w.project + "==" + w.version + "\n", "PLUGIN_SHA256=" + w.sha256 + "\n", "'" + w.member + "'"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("docker/serve/Dockerfile lacks %q", want)
		}
	}
}
