package session_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// conversations are sequences of requests whose whole wire traffic is compared.
var conversations = map[string][]request{
	"kernel_info": {{"kernel_info_request", wire.Shell, `{}`}, {"kernel_info_request", wire.Control, `{}`}},
	"execute": {
		{"execute_request", wire.Shell, `{"code": "print hello\neprint oops\ndisplay image\nresult 42"}`},
		{"execute_request", wire.Shell, `{"code": "print not counted", "store_history": false}`},
		{"execute_request", wire.Shell, `{"code": "print silent", "silent": true}`},
		{"execute_request", wire.Shell, `{"code": " \n"}`},
		{"execute_request", wire.Shell, `{"code": "clear\nfail TypeError no such thing"}`},
		{"execute_request", wire.Shell, `{"code": "break the engine"}`},
		{"execute_request", wire.Shell, `{"code": "panic now"}`},
		{"execute_request", wire.Shell, `{"code": "", "user_expressions": {"a": "1", "b": "x"}}`},
		{"execute_request", wire.Control, `{"code": "print by control"}`},
		{"execute_request", wire.Shell, `{"code": 7}`},
	},
	"magic": {
		{"execute_request", wire.Shell, `{"code": "print before\n%echo one 'two three'\nprint after"}`},
		{"execute_request", wire.Shell, `{"code": "%%echo\nbody"}`},
		{"execute_request", wire.Shell, `{"code": "%broken --flag"}`},
		{"execute_request", wire.Shell, `{"code": "%panics"}`},
		{"execute_request", wire.Shell, `{"code": "print never\n%echo 'open"}`},
		{"execute_request", wire.Shell, `{"code": "%nested print from within"}`},
		{"execute_request", wire.Shell, `{"code": "%nested %nested %broken"}`},
		{"execute_request", wire.Shell, `{"code": "%show"}`},
		{"complete_request", wire.Shell, `{"code": "%ec", "cursor_pos": 3}`},
		{"complete_request", wire.Shell, `{"code": "ü\n%echo --lo", "cursor_pos": 12}`},
		{"inspect_request", wire.Shell, `{"code": "%echo", "cursor_pos": 2}`},
	},
	"lookups": {
		{"complete_request", wire.Shell, `{"code": "fm", "cursor_pos": 2}`},
		{"inspect_request", wire.Shell, `{"code": "fmt", "cursor_pos": 1, "detail_level": 0}`},
		{"inspect_request", wire.Shell, `{"code": "", "cursor_pos": 0}`},
		{"is_complete_request", wire.Shell, `{"code": "print x"}`},
		{"is_complete_request", wire.Shell, `{"code": "print x \\"}`},
		{"is_complete_request", wire.Shell, `{"code": "print x\n%echo 'open"}`},
		{"is_complete_request", wire.Shell, `{"code": "%echo a \\"}`},
		{"is_complete_request", wire.Shell, `{"code": "%%echo"}`},
		{"is_complete_request", wire.Shell, `{"code": "%%echo\nbody"}`},
		{"connect_request", wire.Shell, `{}`},
	},
	"history": {
		{"execute_request", wire.Shell, `{"code": "print 1"}`},
		{"execute_request", wire.Shell, `{"code": "print 2"}`},
		{"execute_request", wire.Shell, `{"code": "print 1"}`},
		{"history_request", wire.Shell, `{"hist_access_type": "tail", "n": 2, "output": false, "raw": true}`},
		{"history_request", wire.Shell, `{"hist_access_type": "range", "session": 0, "start": 2, "stop": 3, "output": true, "raw": true}`},
		{"history_request", wire.Shell, `{"hist_access_type": "search", "pattern": "*1", "unique": true, "output": false, "raw": true}`},
		{"history_request", wire.Shell, `{"hist_access_type": "guess"}`},
	},
	"comm": {
		{"comm_open", wire.Shell, `{"comm_id": "e", "target_name": "engine", "data": {"x": 1}}`},
		{"comm_msg", wire.Shell, `{"comm_id": "e", "data": {"ping": true}}`},
		{"comm_open", wire.Shell, `{"comm_id": "u", "target_name": "unknown", "data": {}}`},
		{"comm_msg", wire.Shell, `{"comm_id": "nobody", "data": {}}`},
		{"comm_open", wire.Shell, `{"comm_id": "m", "target_name": "headstart.magic", "data": {}}`},
		{"comm_info_request", wire.Shell, `{}`},
		{"comm_msg", wire.Shell, `{"comm_id": "m", "data": {"magic": "echo", "request": {"n": 1}, "id": 7}}`},
		{"comm_msg", wire.Shell, `{"comm_id": "m", "data": {"magic": "broken", "request": {}}}`},
		{"comm_msg", wire.Shell, `{"comm_id": "m", "data": {"magic": "ech"}}`},
		{"comm_msg", wire.Shell, `{"comm_id": "m", "data": [1]}`},
		{"comm_close", wire.Shell, `{"comm_id": "m", "data": {}}`},
		{"execute_request", wire.Shell, `{"code": "comm of-the-engine"}`},
		{"comm_info_request", wire.Control, `{"target_name": "engine"}`},
	},
	// What front ends ask for at their start, as they sent it: see docs/frontends.md.
	"frontend-jupyterlab": {
		{"kernel_info_request", wire.Shell, `{}`}, // its server, which also asks on control
		{"kernel_info_request", wire.Control, `{}`},
		{"kernel_info_request", wire.Shell, `{}`},
		{"history_request", wire.Shell, `{"output": false, "raw": true, "hist_access_type": "tail", "n": 10}`},
		{"comm_info_request", wire.Shell, `{"target_name": "headstart.magic"}`},
		{"debug_request", wire.Control, `{"type": "request", "seq": 0, "command": "debugInfo"}`},
		{"execute_request", wire.Shell, `{"silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": true, "stop_on_error": true, "code": "print x"}`},
		{"create_subshell_request", wire.Control, `{}`},
	},
	"frontend-console": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": true, "stop_on_error": true}`},
		{"shutdown_request", wire.Control, `{"restart": false}`},
	},
	"frontend-euporie": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"history_request", wire.Shell, `{"raw": true, "output": false, "hist_access_type": "tail", "pattern": "", "n": 1000, "unique": true}`},
		{"execute_request", wire.Shell, `{"code": "", "silent": true, "store_history": false, "user_expressions": {}, "allow_stdin": false, "stop_on_error": true}`},
		{"is_complete_request", wire.Shell, `{"code": "print x"}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": true, "stop_on_error": true}`},
	},
	"frontend-nbterm": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false}`},
	},
	"frontend-nbclient": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": false, "stop_on_error": true}`},
		{"shutdown_request", wire.Control, `{"restart": false}`},
	},
	// These three as their sources have them: see docs/frontends.md. VS Code interrupts on shell where the kernel is a process of its own.
	"frontend-vscode": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false, "stop_on_error": false, "allow_stdin": true, "store_history": true}`},
		{"interrupt_request", wire.Shell, `{}`},
		{"shutdown_request", wire.Control, `{"restart": false}`},
	},
	"frontend-zed": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": true, "stop_on_error": true}`},
		{"interrupt_request", wire.Control, `{}`},
		{"shutdown_request", wire.Control, `{"restart": false}`},
	},
	// Its supervisor, Kallichore, asks for the kernel's information and sends the interrupt; the rest comes from the editor.
	"frontend-positron": {
		{"kernel_info_request", wire.Shell, `{}`},
		{"comm_open", wire.Shell, `{"comm_id": "positron-ui-go-1", "target_name": "positron.ui", "data": {}}`},
		{"comm_open", wire.Shell, `{"comm_id": "positron-variables-go-2", "target_name": "positron.variables", "data": {}}`},
		{"is_complete_request", wire.Shell, `{"code": "print x"}`},
		{"execute_request", wire.Shell, `{"code": "print x", "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": true, "stop_on_error": true}`},
		{"interrupt_request", wire.Control, `{}`},
		{"comm_info_request", wire.Shell, `{"target_name": ""}`}, // of a session that it finds again
		{"shutdown_request", wire.Control, `{"restart": false}`},
	},
	"subshell": {
		{"create_subshell_request", wire.Control, `{}`},
		{"list_subshell_request", wire.Control, `{}`},
		{"delete_subshell_request", wire.Control, `{"subshell_id": "x"}`},
		{"delete_subshell_request", wire.Control, `{"subshell_id": 7}`},
		{"create_subshell_request", wire.Shell, `{}`},
	},
	"unknown": {
		{"open_sesame_request", wire.Shell, `{}`},
		{"open_sesame", wire.Shell, `{}`},
	},
	"control": {
		{"usage_request", wire.Control, `{}`},
		{"interrupt_request", wire.Control, `{}`},
		{"debug_request", wire.Control, `{"type": "request", "seq": 3, "command": "initialize", "arguments": {}}`},
		{"shutdown_request", wire.Control, `{"restart": true}`},
	},
}

type request struct {
	kind    string
	channel wire.Channel
	content string
}

func TestWireTraffic(t *testing.T) {
	for name, requests := range conversations {
		t.Run(name, func(t *testing.T) {
			k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) {
				memory := int64(1 << 20)
				c.Usage = func() wire.UsageReply {
					return wire.UsageReply{Status: "ok", Hostname: "host", PID: 1, Memory: &memory, CPUCount: 2, Processes: []wire.ProcessUsage{{PID: 1, Name: "headstart", Memory: memory}}}
				}
				c.Connection = wire.ConnectionInfo{ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5}
			}, testMagics()...)
			k.Session.CollectText()
			var transcript bytes.Buffer
			for i, r := range requests {
				if i > 0 {
					transcript.WriteByte('\n')
				}
				fmt.Fprintf(&transcript, "> %s %s %s\n", r.channel, r.kind, r.content)
				for _, m := range k.Ask(r.channel, r.kind, json.RawMessage(r.content)) {
					fmt.Fprintf(&transcript, "< %s %s %s%s\n", m.Channel, m.Header.MsgType, m.Content, metadata(m))
				}
			}
			compare(t, filepath.Join("testdata", name+".golden"), stable(transcript.String()))
		})
	}
}

func metadata(m kerneltest.Message) string {
	if text := string(m.Metadata); text != "{}" {
		return " metadata=" + text
	}
	return ""
}

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	dates = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
)

// stable replaces what differs from run to run.
func stable(transcript string) string {
	return dates.ReplaceAllString(uuids.ReplaceAllString(transcript, "UUID"), "DATE")
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", file, diff)
	}
}
