package comms_test

import (
	"errors"
	"testing"

	"github.com/headstart-nb/headstart/kernel/session/comms"
)

// A panel that is hidden and shown again sends two messages, which are handled beside each other.
func TestAMessageThatWasOvertakenHasNoEffect(t *testing.T) {
	var c comms.Comms
	c.Add("m", "headstart.magic")
	first, done, err := c.Watch(t.Context(), 1, "m", "runs")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	again, doneAgain, err := c.Watch(t.Context(), 3, "m", "runs")
	if err != nil || first.Err() == nil {
		t.Fatalf("%v, and the first watch goes on", err)
	}
	defer doneAgain()
	if c.Unwatch(2, "m", "runs"); again.Err() != nil {
		t.Error("an earlier message has ended the watch")
	}
	if c.Unwatch(4, "m", "runs"); again.Err() == nil {
		t.Error("a later message has not ended the watch")
	}
	if _, _, err := c.Watch(t.Context(), 3, "m", "runs"); !errors.Is(err, comms.ErrOvertaken) {
		t.Errorf("an earlier message has begun a watch, %v", err)
	}
	// A comm of the same name begins anew.
	c.Remove("m")
	c.Add("m", "headstart.magic")
	if _, done, err := c.Watch(t.Context(), 1, "m", "runs"); err != nil {
		t.Error(err)
	} else {
		done()
	}
}
