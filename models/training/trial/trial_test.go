package trial

import (
	"strings"
	"testing"
)

// A rate is written with the decimals that it has: 3 x 0.1 is 0.30000000000000004.
func TestDropoutHasOneDecimal(t *testing.T) {
	for n := range 7 {
		want := "0." + string(rune('0'+n))
		text := WithDropout("none", float64(n)*DropoutStep)
		if rate, found := strings.CutPrefix(text, "dropout:"); found && rate != want || !found && n > 0 {
			t.Errorf("%d tenths are %q", n, text)
		}
	}
	for _, drawn := range Draw(200, []string{"none"}, 42) {
		if text := WithDropout("none", drawn.Dropout); len(text) > len("dropout:0.1") {
			t.Errorf("a trial has %q", text)
		}
	}
}
