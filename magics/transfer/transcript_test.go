package transfer

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

var update = flag.Bool("update", false, "write the golden files")

var testdata, _ = filepath.Abs("testdata") // the tests change the working folder

// goLab is a lab on the backend that needs no plugin, with a folder of images beside it as the working folder.
func goLab(t *testing.T) *Presenter {
	t.Helper()
	p, _ := goLabIn(t)
	return p
}

// goLabIn is goLab with its state folder.
func goLabIn(t *testing.T) (p *Presenter, home string) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeClasses(t, "photos", 12)
	home = t.TempDir()
	p = goPresenter(home)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, home
}

// goPresenter presents a lab on the backend that needs no plugin, with a state folder.
func goPresenter(home string) *Presenter {
	log := slog.New(slog.DiscardHandler)
	return New(lab.New(home, accel.Options{Device: "go"}, log), log)
}

func writeClasses(t *testing.T, dir string, perClass int) {
	t.Helper()
	chance := rand.New(rand.NewPCG(42, 42))
	for class, tint := range []color.RGBA{{255, 30, 30, 255}, {30, 30, 255, 255}} {
		folder := filepath.Join(dir, []string{"red", "blue"}[class])
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range perClass {
			img := image.NewRGBA(image.Rect(0, 0, 8, 8))
			for at := range 64 {
				bright := chance.Float64()
				img.SetRGBA(at%8, at/8, color.RGBA{
					uint8(float64(tint.R) * bright), uint8(float64(tint.G) * bright), uint8(float64(tint.B) * bright), 255,
				})
			}
			if err := writePNG(filepath.Join(folder, fmt.Sprintf("%d.png", i)), img); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func writePNG(path string, img image.Image) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(file, img), file.Close())
}

// call runs a line that is one magic.
func (p *Presenter) call(ctx context.Context, host *magictest.Host, line string) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(line, "%"), " ")
	i := slices.IndexFunc(p.Magics(), func(m magics.Magic) bool { return m.Name() == name })
	return host.Run(ctx, p.Magics()[i], line)
}

func mustCall(t *testing.T, p *Presenter, lines ...string) *magictest.Host {
	t.Helper()
	var host *magictest.Host
	for _, line := range lines {
		host = &magictest.Host{}
		if err := p.call(t.Context(), host, line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return host
}

// TestTranscript holds what cells show, as text, against a golden file. What a clock or a processor decides is left out.
func TestTranscript(t *testing.T) {
	p := goLab(t)
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
		err := p.call(t.Context(), host, line)
		fmt.Fprintf(&got, ">>> %s\n%s", line, transcript(host, err))
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

// masked is what differs from one machine or hour to the next.
var masked = regexp.MustCompile(`"weights_digest":"[0-9a-f]+"`)

func transcript(host *magictest.Host, err error) string {
	var b strings.Builder
	fmt.Fprint(&b, host.Output(), host.Errors())
	for _, shown := range host.Outputs() {
		last := shown.Bundles[len(shown.Bundles)-1].Data
		text, _ := last[display.MIMEText].(string)
		if _, isRun := last[figure.MIMERun]; isRun || strings.HasPrefix(text, "Epochs") || strings.HasPrefix(text, "comparison of") {
			text, _, _ = strings.Cut(text, "\n") // numbers and times follow
		}
		fmt.Fprintf(&b, "[%s]\n%s\n", strings.Join(slices.Sorted(maps.Keys(last)), " "), strings.TrimRight(text, "\n"))
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return masked.ReplaceAllString(b.String(), `"weights_digest":"..."`)
}

func TestFeaturesComeFromTheCache(t *testing.T) {
	p := goLab(t)
	load, model := "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1"
	for _, want := range []string{"features: 24 computed, 0 from cache\n", "features: 0 computed, 24 from cache\n"} {
		if got := mustCall(t, p, load, model, "%train --epochs 1").Output(); got != want {
			t.Errorf("the cell says %q, want %q", got, want)
		}
	}
	if got := mustCall(t, p, "%model resnet50 --weights random --cut conv1 --seed 7", "%train --epochs 1").Output(); !strings.HasPrefix(got, "features: 24 computed") {
		t.Errorf("other weights took features from the cache: %s", got)
	}
}

func TestRunsOfOneSecondHaveNamesOfTheirOwn(t *testing.T) {
	p := goLab(t)
	mustCall(t, p, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1")
	for range 3 {
		mustCall(t, p, "%train --epochs 1")
	}
	runs, err := p.lab.Runs()
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
	p := goLab(t)
	mustCall(t, p, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1", "%train --epochs 1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	host := &magictest.Host{}
	ended := make(chan error)
	go func() { ended <- p.call(ctx, host, "%train --epochs 100000") }()
	for {
		r, err := p.lab.Run("")
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
	data, _ := shown[len(shown)-1].Data[figure.MIMERun].(lab.Card)
	if data.State != lab.StateStopped {
		t.Errorf("the figure is left in the state %q", data.State)
	}
	if got := mustCall(t, p, "%evaluate").Output(); !strings.Contains(got, "resnet50 on 4 images: accuracy") {
		t.Errorf("after the interrupt %%evaluate says %q", got)
	}
}
