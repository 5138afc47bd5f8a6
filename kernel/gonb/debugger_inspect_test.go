package gonb_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// ask sends a debug request to an engine on which no debugger was started.
func ask(t *testing.T, e session.Debugger, command, name string) debug.Response {
	t.Helper()
	request := fmt.Sprintf(`{"type": "request", "seq": 7, "command": %q, "arguments": {"variableName": %q}}`, command, name)
	response, ok := e.Debug(t.Context(), json.RawMessage(request), func(json.RawMessage) {}).(debug.Response)
	if !ok || response.RequestSeq != 7 {
		t.Fatalf("%s: %+v", command, response)
	}
	return response
}

// The variables view of a front end shows what the cells keep also while nothing is debugged, each as a cell would show it.
func TestKeptVariablesAreInspectedRichly(t *testing.T) {
	n := open(t)
	n.ok("import (\n\t\"image\"\n\t\"image/color\"\n)\nphoto := image.NewGray(image.Rect(0, 0, 3, 2))\nphoto.Set(1, 1, color.White)\n" +
		"counts := map[string]int{\"cat\": 3}\nname := \"x\"")
	listed := ask(t, n.engine, "inspectVariables", "")
	for _, want := range []string{`"name":"photo"`, `"type":"*image.Gray"`, `"name":"counts"`, `"name":"name"`} {
		if !bytes.Contains(listed.Body, []byte(want)) {
			t.Errorf("the list lacks %s: %s", want, listed.Body)
		}
	}
	show := func(variable string) map[string]string {
		response := ask(t, n.engine, "richInspectVariables", variable)
		var body struct {
			Data     map[string]string `json:"data"`
			Metadata map[string]any    `json:"metadata"`
		}
		if err := json.Unmarshal(response.Body, &body); err != nil || !response.Success || body.Metadata == nil {
			t.Fatalf("%s: %v, %+v %s", variable, err, response, response.Body)
		}
		return body.Data
	}
	raw, err := base64.StdEncoding.DecodeString(show("photo")["image/png"])
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(raw)); err != nil || img.Bounds().Dx()%3 != 0 {
		t.Errorf("the image is %v, %v", img, err)
	}
	if counts := show("counts"); !strings.Contains(counts["text/html"], "<table") || !strings.Contains(counts["text/plain"], "cat") {
		t.Errorf("the map is %v", counts)
	}
	if name := show("name"); !strings.Contains(name["text/plain"], "x") {
		t.Errorf("the string is %v", name)
	}
	if response := ask(t, n.engine, "richInspectVariables", "unknown"); response.Success || !strings.Contains(response.Message, "unknown") {
		t.Errorf("%+v", response)
	}
}

// Debug requests are answered sequentially: one about a variable must not keep those behind it waiting for a cell to end.
func TestInspectionDoesNotWaitForACell(t *testing.T) {
	n := open(t)
	n.ok("x := 1")
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		cell := &recorder{onStream: func() { close(begun) }}
		_, _ = n.engine.Execute(t.Context(), wire.ExecuteRequest{Code: "import \"time\"\nfmt.Println(\"begun\")\ntime.Sleep(3 * time.Second)"}, cell)
	}()
	select {
	case <-begun:
	case <-time.After(2 * time.Minute):
		t.Fatal("the cell does not begin")
	}
	response := ask(t, n.engine, "richInspectVariables", "x")
	select {
	case <-ended:
		t.Fatal("the answer came after the cell")
	default:
	}
	if response.Success || !strings.Contains(response.Message, "a cell runs") {
		t.Errorf("%+v", response)
	}
	<-ended
}
