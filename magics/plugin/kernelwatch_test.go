package plugin

import (
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// TestACallWaitsForTheAttachment lets the kernel attach while the first call of a magic is already there.
func TestACallWaitsForTheAttachment(t *testing.T) {
	watch := newKernelWatch(nil, "")
	toward := newUpdates(time.Millisecond, func(string, *magicpb.Bundle) {})
	time.AfterFunc(20*time.Millisecond, func() { watch.arrive(toward) })
	watch.await(t.Context())
	if watch.background() != toward {
		t.Error("updates after the end of the call have nowhere to go")
	}
}
