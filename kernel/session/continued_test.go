package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// TestAContinuedLineIsCompletedAsTheMagics: | is the cursor, and the matches are those of the magic.
func TestAContinuedLineIsCompletedAsTheMagics(t *testing.T) {
	k := kerneltest.Start(t, nil, testMagics()...)
	for code, want := range map[string]string{
		"%echo \\\n  --lo|":                   "[--loud --lo-from-5] 10 14",
		"ü\n%echo a \\\n b \\\n  --lo| \\\nc": "[--loud --lo-from-12] 19 23",
		"%%echo \\\n--lo|\nbody":              "[--loud --lo-from-3] 9 13",
		"%echo a\\\n|":                        "[ud -from-4] 9 9",
		"// a \\\n%echo --lo|":                "[--loud --lo-from-1] 13 17",
		"%echo --lo|\r\n":                     "[--loud --lo-from-1] 6 10",
		"!ls \\\n%echo --lo|":                 "",
		"x \\\n--lo|":                         "",
	} {
		before, after, _ := strings.Cut(code, "|")
		request := wire.CompleteRequest{Code: before + after, CursorPos: len([]rune(before))}
		var reply wire.CompleteReply
		k.Decode(k.Ask(wire.Shell, "complete_request", request)[1], &reply)
		got := fmt.Sprint(reply.Matches, reply.CursorStart, reply.CursorEnd)
		if want == "" && strings.Contains(got, "loud") || want != "" && got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
	}
	var reply wire.InspectReply
	k.Decode(k.Ask(wire.Shell, "inspect_request", wire.InspectRequest{Code: "%echo \\\n  --loud", CursorPos: 12})[1], &reply)
	if !reply.Found {
		t.Error("a continued line is not explained")
	}
}

// TestAnAnswerToAnEarlierQuestionIsDropped: JupyterLab goes on showing the question of a cell that was interrupted.
func TestAnAnswerToAnEarlierQuestionIsDropped(t *testing.T) {
	asks := magic{"asks", func(ctx context.Context, call magics.Call, host magics.Host) error {
		answer, err := host.Ask(ctx, call.Line, false)
		fmt.Fprint(host.Stdout(), answer)
		return err
	}}
	k := kerneltest.Start(t, nil, asks)
	question := func() kerneltest.Message {
		for {
			if m := k.Next(); m.Header.MsgType == "input_request" {
				return m
			}
		}
	}
	answer := func(to kerneltest.Message, text string) {
		m := k.Message("input_reply", wire.InputReply{Value: text})
		header, err := json.Marshal(to.Header)
		if err != nil {
			t.Fatal(err)
		}
		m.Parent = header
		k.Transport.Deliver(wire.Stdin, k.Encode(m))
	}
	first := k.Send(wire.Shell, "execute_request", kerneltest.Cell("%asks old"))
	old := question()
	k.Send(wire.Control, "interrupt_request", struct{}{})
	k.Until(first)
	second := k.Send(wire.Shell, "execute_request", kerneltest.Cell("%asks new"))
	current := question()
	answer(old, "wrong")
	answer(current, "right")
	if _, printed := k.Outcome(k.Until(second)); printed != "right" {
		t.Errorf("the answer is %q", printed)
	}
}
