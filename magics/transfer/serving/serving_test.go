package serving_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/serving"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// postImage posts an image to a server.
func postImage(t *testing.T, s serving.Served, file string) (code int, answer struct{ Predictions []prediction.Prediction }) {
	t.Helper()
	image, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"v1/predict", image)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, answer
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode, answer
}

func state(t *testing.T, p *transfertest.Session, line string) serving.Served {
	t.Helper()
	var s serving.Served
	host := p.Must(t, line)
	if err := json.Unmarshal([]byte(host.Output()), &s); err != nil {
		t.Fatalf("%s answers %q: %v", line, host.Output(), err)
	}
	return s
}

// A cell starts a server of a run, which answers what %predict says, also while the model is trained again; the device stays open
// for it; another cell ends it, and leaves no file.
func TestServe(t *testing.T) {
	p := transfertest.New(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1 --head dense:8:relu", "%train --epochs 2 --run first")
	if s := state(t, p, "%serve --json"); s.Serving {
		t.Errorf("before the start: %+v", s)
	}
	s := state(t, p, "%serve --run first --json")
	if entries, _ := os.ReadDir(temporary); len(entries) > 0 {
		t.Errorf("it leaves %s", entries[0].Name())
	}
	file := filepath.Join("photos", "red", "0.png")
	predicted := p.Must(t, "%predict "+file+" --run first --top 2 --json")
	var want []prediction.Prediction
	if err := json.Unmarshal([]byte(predicted.Output()), &want); err != nil {
		t.Fatal(err)
	}
	for _, run := range []string{"second", "third"} {
		code, got := postImage(t, s, file)
		if code != http.StatusOK || got.Predictions[0].Top[0] != want[0].Top[0] {
			t.Errorf("%d: %+v, and %%predict says %+v", code, got, want)
		}
		p.Must(t, "%train --epochs 1 --run "+run) // the model that is served stays that of the run
	}
	if code, _ := postImage(t, serving.Served{URL: s.URL, Token: "another"}, file); code != http.StatusUnauthorized {
		t.Errorf("another token: %d", code)
	}
	if err := p.Call(t.Context(), &magictest.Host{}, "%device go"); err == nil || !strings.Contains(err.Error(), "%serve stop") {
		t.Errorf("the device is closed below the server: %v", err)
	}
	if again := state(t, p, "%serve --json"); again != s {
		t.Errorf("asked again: %+v", again)
	}
	// A front end without HTML shows the whole address and command: with a part of the token they are worth nothing.
	shown, _ := p.Must(t, "%serve").Outputs()[0].Bundles[0].Data[display.MIMEText].(string)
	for _, want := range []string{s.URL + "#token=" + s.Token + "\n", `"Authorization: Bearer ` + s.Token + `" --data-binary @photo.jpg ` + s.URL + "v1/predict\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("it shows\n%s\nwithout %q", shown, want)
		}
	}
	// One that fails leaves the one that answers, also one that wants its port.
	for _, line := range []string{"%serve nothing", `%serve --run first --name "a b"`, "%serve --run first --port 99999", "%serve photos --port " + s.Port} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil {
			t.Errorf("%s succeeds", line)
		}
		if code, _ := postImage(t, s, file); code != http.StatusOK {
			t.Errorf("%s: the one before answers %d", line, code)
		}
	}
	before := s
	if s = state(t, p, "%serve --run second --json --port "+s.Port); s.Port != before.Port || s.Source != "second" {
		t.Errorf("on the same port: %+v", s)
	}
	before, s = s, state(t, p, "%serve --run third --json")
	if code, _ := postImage(t, before, file); code != 0 {
		t.Errorf("the one that was replaced answers: %d", code)
	}
	if code, _ := postImage(t, s, file); code != http.StatusOK {
		t.Errorf("the new one: %d", code)
	}
	if after := state(t, p, "%serve stop --json"); after.Serving {
		t.Errorf("after the end: %+v", after)
	}
	if code, _ := postImage(t, s, file); code != 0 {
		t.Errorf("it still answers: %d", code)
	}
	p.Must(t, "%device go")
	for _, line := range []string{"%serve photos", "%serve nothing", "%serve --run none", "%serve x --run first"} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil {
			t.Errorf("%s succeeds", line)
		}
	}
}
