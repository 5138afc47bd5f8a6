package transfer_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// A magic's --device is %device's choice; a device that cannot be had leaves everything as it was.
func TestMagicsChooseTheDevice(t *testing.T) {
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1 --head dense:8:relu --device go",
		"%train --epochs 1", "%train --epochs 1 --device go")
	for _, line := range []string{"%train --epochs 1 --device cuda", "%model resnet50 --weights random --device cuda"} {
		err := p.Call(t.Context(), &magictest.Host{}, line)
		if err == nil || !strings.Contains(err.Error(), "cuda") {
			t.Errorf("%s: %v, want an error that names the device", line, err)
		}
	}
	p.Must(t, "%predict photos/red/0.png")
}
