package need

import (
	"fmt"
	"strings"
	"testing"
)

// A recorder stands in for a test and keeps how it ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.ended = "skip: " + fmt.Sprintf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "fail: " + fmt.Sprintf(format, args...)
}

func TestLack(t *testing.T) {
	for _, c := range []struct {
		require, waive string
		thing          Thing
		want           string
	}{
		{"", "", Data, "skip: needs data"},
		{"all", "", Data, "fail: needs data"},
		{"all", "peers=too large", Data, "fail: needs data"},
		{"all", "peers=too large; data=not here", Data, "skip: needs data: no weights (waived: not here)"},
		{"all", "data=", Data, "fail: needs data"},
		{"all", "data", Data, "fail: needs data"},
	} {
		t.Setenv("HEADSTART_REQUIRE", c.require)
		t.Setenv("HEADSTART_WAIVE", c.waive)
		r := &recorder{TB: t}
		Lack(r, c.thing, "no weights")
		if !strings.HasPrefix(r.ended, c.want) {
			t.Errorf("HEADSTART_REQUIRE=%q HEADSTART_WAIVE=%q: %q, want %q", c.require, c.waive, r.ended, c.want)
		}
	}
}

func TestLacked(t *testing.T) {
	for reason, want := range map[string]Thing{"needs data: no weights": Data, "needs weights": "", "needs the weights: none": "", "slow: data": ""} {
		thing, why, ok := lacked(reason)
		if ok != (want != "") || ok && (thing != want || why != "no weights") {
			t.Errorf("%q: %q, %q, %v", reason, thing, why, ok)
		}
	}
}
