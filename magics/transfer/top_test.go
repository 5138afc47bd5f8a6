package transfer_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/resnet"
)

// sharedFile finds a file of the shared test data.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("HEADSTART_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	file := filepath.Join(root, "data", name)
	if _, err := os.Stat(file); err != nil {
		need.Lack(t, need.Data, err.Error())
	}
	return file
}

// ImageNet's classes are predicted by name without a dataset and without a training.
func TestTopPredictsAtOnce(t *testing.T) {
	weights := sharedFile(t, "resnet50-imagenet-uint8/resnet50_imagenet_uint8.safetensors")
	photo := sharedFile(t, "trashnet-6c/data/cardboard/cardboard101.jpg")
	log := slog.New(slog.DiscardHandler)
	p := &transfertest.Session{Presenter: transfer.New(lab.New(t.TempDir(), accel.Options{Device: "cpu"}, log), log)}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Must(t, "%model resnet50 --weights "+weights+" --top")
	host := p.Must(t, "%predict "+photo+" --json")
	var list []prediction.Prediction
	if err := json.Unmarshal([]byte(host.Output()), &list); err != nil {
		t.Fatalf("%v in %s", err, host.Output())
	}
	names := map[string]bool{}
	for _, name := range resnet.ClassNames() {
		names[name] = true
	}
	if len(list) != 1 || len(list[0].Top) != 3 || list[0].Class() != "carton" || !names[list[0].Top[2].Class] {
		t.Errorf("the prediction is %s", host.Output())
	}
	t.Logf("%+v", list[0].Top)
}
