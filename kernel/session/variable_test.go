package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

type values struct{}

func (values) Images(_ context.Context, name string) (folder string, known bool, err error) {
	if name == "numbers" {
		return "", true, errors.New("[]float64 holds no images")
	}
	return "/images of/" + name, name == "photos", nil
}

func (values) Names() []string { return []string{"numbers", "photos"} }

func TestMagicsTakeVariables(t *testing.T) {
	k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Values = values{} }, testMagics()...)
	for code, want := range map[string]string{
		"%echo a @photos b":      `line "a \"/images of/photos\" b"`,
		"%echo @val @@photos":    `line "@val @photos"`,
		"%nested %echo @@photos": `line "\"/images of/photos\""`, // what a magic runs is a cell again
	} {
		if reply, printed := k.Run(code); reply.Status != wire.StatusOK || !strings.HasPrefix(printed, want) {
			t.Errorf("%s: %+v, %q", code, reply, printed)
		}
	}
	reply, _ := k.Run("%echo @numbers")
	if reply.Error == nil || !strings.Contains(reply.EValue, "echo: use the variable numbers: []float64 holds no images") {
		t.Errorf("%+v", reply.Error)
	}
	without := kerneltest.Start(t, nil, testMagics()...)
	if _, printed := without.Run("%echo @photos @@photos"); !strings.HasPrefix(printed, `line "@photos @@photos"`) {
		t.Errorf("without variables: %q", printed)
	}
	for code, want := range map[string]string{"%broken @ph": "@photos", "%broken a @": "@numbers @photos", "%broken ph": "", "%echo @n": "@nud @n-from-1 @numbers", "%echo 'a b": "'a bud' 'a b-from-1'"} {
		var reply wire.CompleteReply
		for _, m := range k.Ask(wire.Shell, "complete_request", wire.CompleteRequest{Code: code, CursorPos: len(code)}) {
			if m.Header.MsgType == "complete_reply" {
				k.Decode(m, &reply)
			}
		}
		if got := strings.Join(reply.Matches, " "); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}
