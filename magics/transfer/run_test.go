package transfer

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/magictest"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/live"
)

// TestLiveRun: each update has the card's payload and the text as they are; the image is rendered every few seconds.
func TestLiveRun(t *testing.T) {
	clock := time.Unix(1000, 0)
	r := &run{name: "a", dataset: "photos", epochs: 100, done: make(chan struct{})}
	r.figure = live.New(r.forms(), func() time.Time { return clock })
	host := &magictest.Host{}
	if err := r.attach(host); err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= 10; epoch++ { // one a second
		clock = clock.Add(time.Second)
		r.hear(training.Event{Kind: training.EpochEvent, Epoch: &training.Epoch{Epoch: epoch, Loss: 1 / float64(epoch), ValAccuracy: 0.5}})
		if err := r.figure.Update(); err != nil {
			t.Fatal(err)
		}
		last := shownLast(t, host)
		if data, ok := last.Data[figure.MIMERun].(runData); !ok || data.Epoch != epoch || data.State != figure.StateRunning {
			t.Errorf("in epoch %d the card has %v", epoch, last.Data[figure.MIMERun])
		}
		if text, _ := last.Data[display.MIMEText].(string); !strings.Contains(text, "epoch "+string(rune('0'+epoch%10))) && epoch < 10 {
			t.Errorf("in epoch %d the text is %q", epoch, text)
		}
		if last.Data[display.MIMEPNG] == nil || last.Data[display.MIMEVegaLite] == nil {
			t.Errorf("in epoch %d a page without the extension has nothing to show", epoch)
		}
	}
	var images [][]byte
	for _, b := range host.Outputs()[0].Bundles {
		if png := b.Data[display.MIMEPNG].([]byte); len(images) == 0 || !bytes.Equal(images[len(images)-1], png) {
			images = append(images, png)
		}
	}
	if len(images) != 4 { // at 0, 3, 6 and 9 s
		t.Errorf("%d images were rendered in 10 s, want 4", len(images))
	}
	r.finish(nil)
	if err := r.figure.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(shownLast(t, host).Data[display.MIMEPNG].([]byte), images[len(images)-1]) {
		t.Error("the end is not rendered")
	}
}

func shownLast(t *testing.T, host *magictest.Host) display.Bundle {
	t.Helper()
	shown := host.Outputs()
	if len(shown) != 1 {
		t.Fatalf("%d outputs, want one that is updated", len(shown))
	}
	return shown[0].Bundles[len(shown[0].Bundles)-1]
}
