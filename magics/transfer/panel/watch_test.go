package panel_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// news are what a magic of a session tells.
type news struct {
	Order []string
	Runs  []struct {
		ID, State string
		Epoch     int
	}

	Dataset    string // of the magic dataset
	Edits      int
	Model, Run string
}

// watched follows what a magic tells until the test ends.
func watched(t *testing.T, s *transfertest.Session, name string) <-chan news {
	t.Helper()
	list := s.Magics()
	i := slices.IndexFunc(list, func(m magics.Magic) bool { return m.Name() == name })
	watcher, ok := list[i].(magics.Watcher)
	if !ok {
		t.Fatalf("%%%s tells nothing", name)
	}
	told := make(chan news, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = watcher.Watch(ctx, func(text json.RawMessage) error {
			var n news
			if err := json.Unmarshal(text, &n); err != nil && name != "device" { // whose "runs" is a number
				t.Error(err)
			}
			told <- n
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return told
}

// until waits for news that are as they should be.
func until(t *testing.T, told <-chan news, what string, is func(news) bool) news {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case n := <-told:
			if is(n) {
				return n
			}
		case <-deadline:
			t.Fatalf("it is not told that %s", what)
		}
	}
}

func state(n news, run string) string {
	for _, r := range n.Runs {
		if r.ID == run {
			return r.State
		}
	}
	return ""
}

// Nobody asks, and the panel hears how a run goes, in the process that trains and in another.
func TestRunsAreTold(t *testing.T) {
	p := transfertest.New(t)
	own := watched(t, p, "runs")
	if first := <-own; len(first.Order) != 0 || len(first.Runs) != 0 {
		t.Errorf("before the first run: %+v", first)
	}
	other := transfertest.Open(t, p.Home)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu",
		"%train --epochs 3000 --early-stop 0 --run long --background")
	here := until(t, own, "the run goes on", func(n news) bool { return state(n, "long") == "running" && n.Runs[0].Epoch > 0 })
	until(t, own, "an epoch has passed", func(n news) bool { return state(n, "long") == "running" && n.Runs[0].Epoch > here.Runs[0].Epoch })
	there := watched(t, other, "runs")
	until(t, there, "the run of another process goes on", func(n news) bool { return state(n, "long") == "running" })
	stopped := time.Now()
	if _, err := transfertest.Ask[any](t, p, "runs", `{"action": "stop", "run": "long"}`); err != nil {
		t.Fatal(err)
	}
	until(t, own, "the run was stopped", func(n news) bool { return state(n, "long") == "stopped" })
	until(t, there, "the run of another process was stopped", func(n news) bool { return state(n, "long") == "stopped" })
	if len(own) > 3*int(time.Since(stopped)/time.Second)+10 {
		t.Errorf("%d news wait", len(own))
	}
	p.Must(t, "%runs rename long short")
	for _, told := range []<-chan news{own, there} {
		until(t, told, "the run was renamed", func(n news) bool {
			if len(n.Order) > 1 {
				t.Errorf("one run is told of as %q", n.Order)
			}
			return slices.Equal(n.Order, []string{"short"}) && state(n, "short") == "stopped"
		})
	}
	p.Must(t, "%runs rm short")
	for _, told := range []<-chan news{own, there} {
		until(t, told, "the run was removed", func(n news) bool { return len(n.Order) == 0 })
	}
}

// Without a state folder no record tells that a run was renamed or removed. With one, the process knows it a moment after the disk.
func TestRunsInMemoryAreTold(t *testing.T) {
	p := transfertest.Open(t, "")
	photos := filepath.Join(t.TempDir(), "photos")
	transfertest.WriteClasses(t, photos, 8)
	told := watched(t, p, "runs")
	p.Must(t, "%dataset load "+photos+" --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu", "%train --epochs 1 --run long")
	until(t, told, "the run has ended", func(n news) bool { return state(n, "long") == "done" })
	p.Must(t, "%runs rename long short")
	until(t, told, "the run was renamed", func(n news) bool { return slices.Equal(n.Order, []string{"short"}) })
	p.Must(t, "%runs rm short")
	until(t, told, "the run was removed", func(n news) bool { return len(n.Order) == 0 })
}

// The data panel and the status bar hear of what cells change.
func TestDatasetAndDeviceAreTold(t *testing.T) {
	p := transfertest.New(t)
	data, device := watched(t, p, "dataset"), watched(t, p, "device")
	<-device
	if first := <-data; first.Dataset != "" || first.Model != "" {
		t.Errorf("at first %+v", first)
	}
	p.Must(t, "%dataset load photos --size 32 --json")
	until(t, data, "a dataset was loaded", func(n news) bool { return n.Dataset == "photos" && n.Edits == 0 })
	if _, err := transfertest.Ask[any](t, p, "dataset", `{"action": "delete", "paths": ["red/0.png"]}`); err != nil {
		t.Fatal(err)
	}
	until(t, data, "the dataset was edited", func(n news) bool { return n.Edits == 1 })
	p.Must(t, "%model resnet50 --weights random --cut conv1 --head dense:8:relu", "%train --epochs 1 --run first")
	until(t, data, "a model was trained", func(n news) bool { return n.Run == "first" && n.Model != "" })
	select {
	case <-device:
	case <-time.After(10 * time.Second):
		t.Error("it is not told that there is a device with a model")
	}
}
