package magics_test

import (
	"context"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
)

type panics struct{}

func (panics) Name() string                                        { return "train" }
func (panics) Help() string                                        { return "Panics" }
func (panics) Run(context.Context, magics.Call, magics.Host) error { panic("not a good day") }

func TestInvokeTurnsAPanicIntoAnError(t *testing.T) {
	err := magics.Invoke(t.Context(), panics{}, magics.Call{}, &magictest.Host{})
	if err == nil || !strings.Contains(err.Error(), "%train") || !strings.Contains(err.Error(), "not a good day") {
		t.Errorf("got %v", err)
	}
}
