package transfer_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

var update = flag.Bool("update", false, "write the golden files")

var testdata, _ = filepath.Abs("testdata") // the tests change the working folder

// TestTranscript holds what cells show, as text, against a golden file. What a clock or a processor decides is left out.
func TestTranscript(t *testing.T) {
	p := transfertest.New(t)
	var got strings.Builder
	for _, line := range []string{
		"%train", "%dataset", "%dataset load --help", "%model --help", "%train --help", "%predict --help",
		"%dataset load photos --size 32", "%dataset show --class red --limit 3", "%dataset show other",
		"%train", "%model resnet50 --weights random --cut conv1 --head batchnorm", "%model resnet50 --weights random --cut conv1 --head dense:8:relu,dropout:0.2",
		"%evaluate", "%train --epochs 2 --run first", "%train --epochs 2 --run second", "%train --run second",
		"%runs --help", "%runs compare first second", "%runs compare first", "%runs compare first secnd",
		"%predict photos/red/0.png nowhere.png", "%model resnet50 --weights random --cut conv1 --json",
		"%model resnet50 --weights random --top", "%model resnet50 --weights sample --top", "%model resnet50 --top --head none",
	} {
		host := &magictest.Host{}
		err := p.Call(t.Context(), host, line)
		fmt.Fprintf(&got, ">>> %s\n%s", line, transfertest.Transcript(host, err))
	}
	golden := filepath.Join(testdata, "transcript.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the cells show something else (-want +got); -update where that is meant:\n%s", diff)
	}
}

func TestFeaturesComeFromTheCache(t *testing.T) {
	p := transfertest.New(t)
	load, model := "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1"
	for _, want := range []string{"features: 24 computed, 0 from cache\n", "features: 0 computed, 24 from cache\n"} {
		if got := p.Must(t, load, model, "%train --epochs 1").Output(); got != want {
			t.Errorf("the cell says %q, want %q", got, want)
		}
	}
	if got := p.Must(t, "%model resnet50 --weights random --cut conv1 --seed 7", "%train --epochs 1").Output(); !strings.HasPrefix(got, "features: 24 computed") {
		t.Errorf("other weights took features from the cache: %s", got)
	}
}

func TestRunsOfOneSecondHaveNamesOfTheirOwn(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1")
	for range 3 {
		p.Must(t, "%train --epochs 1")
	}
	runs, err := p.Lab().Runs()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, r := range runs {
		names[r.Name] = true
	}
	if len(names) != 3 {
		t.Errorf("three runs have the names %v", slices.Sorted(maps.Keys(names)))
	}
}

func TestAnInterruptKeepsTheBestModel(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1", "%train --epochs 1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	host := &magictest.Host{}
	ended := make(chan error)
	go func() { ended <- p.Call(ctx, host, "%train --epochs 100000") }()
	for {
		r, err := p.Lab().Run("")
		if err != nil {
			t.Fatal(err)
		}
		if stand := r.Stand(); stand.Epochs == 100000 && len(stand.History) > 0 {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the training ended by itself: %v", err)
		case <-t.Context().Done():
			t.Fatal("no epoch was finished")
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	err := <-ended
	t.Logf("the cell says: %v", err)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "is kept") {
		t.Errorf("the interrupted cell ends with %v", err)
	}
	shown := host.Outputs()[0].Bundles
	data, _ := shown[len(shown)-1].Data[figure.MIMERun].(runstatus.Card)
	if data.State != runstatus.StateStopped {
		t.Errorf("the figure is left in the state %q", data.State)
	}
	if got := p.Must(t, "%evaluate").Output(); !strings.Contains(got, "resnet50 on 4 images: accuracy") {
		t.Errorf("after the interrupt %%evaluate says %q", got)
	}
}
