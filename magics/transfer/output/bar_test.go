package output

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A pass that a server's limit leaves little memory says so below its bar, and still once there is more again.
func TestABarSaysThatMemoryIsShort(t *testing.T) {
	host := &magictest.Host{}
	bar := Page{Host: host}.Bar(t.Context(), "features", "images")
	used := "1900000000"
	bar.read = func() memory.Room {
		return memory.ReadRoom(testfile.Write(t, map[string]string{
			"proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n", "proc/self/cgroup": "4:memory:/user\n",
			"sys/fs/cgroup/memory/user/memory.limit_in_bytes": "2000000000\n", "sys/fs/cgroup/memory/user/memory.usage_in_bytes": used,
		}))
	}
	bar.started = time.Now().Add(-2 * barDelay)
	bar.Report(1, 8, "")
	used, bar.looked = "1000000000", time.Time{}
	bar.Report(8, 8, "")
	bar.End()
	bundles := host.Outputs()[0].Bundles
	for _, shown := range []display.Bundle{bundles[0], bundles[len(bundles)-1]} {
		text, _ := shown.Data[display.MIMEText].(string)
		if text = strings.Join(strings.Fields(text), " "); !strings.Contains(text, "of the 2.0 GB that this server may take, 100.0 MB were left") {
			t.Errorf("the bar says %q", text)
		}
	}
}
