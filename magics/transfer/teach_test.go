package transfer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
)

// What the cells of a teaching show, against a golden file.
func TestTeachTranscript(t *testing.T) {
	p := goLab(t)
	writeFile(t, "photos/red/broken.png", "no image")
	var got strings.Builder
	for _, line := range []string{
		"%teach --help", "%teach", "%teach red photos/red/0.png", "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --json",
		"%teach", "%teach red", "%teach red photos/red/0.png photos/red/broken.png", "%predict photos/blue/0.png", "%teach blue photos/blue", "%teach green photos/blue/1.png",
		"%teach --undo", "%teach red @train", "%teach red nowhere.png", "%teach --drop gren", "%teach --undo --reset", "%teach --drop red", "%teach --json",
		"%teach --model resnet50", "%teach red photos/red --model resnet50", "%teach --reset", "%teach",
	} {
		host := &magictest.Host{}
		err := p.call(t.Context(), host, line)
		text := transcript(host, err)
		if strings.HasSuffix(line, "--json") && strings.HasPrefix(line, "%dataset") {
			text = ""
		}
		fmt.Fprintf(&got, ">>> %s\n%s", line, text)
	}
	compareGolden(t, "teach.golden", got.String())
}

// probability is what a processor decides the last digits of.
var probability = regexp.MustCompile(`"probability":[0-9.e-]+`)

// What a panel asks and is answered, against a golden file: it is a protocol.
func TestTeachRequests(t *testing.T) {
	p := goLab(t)
	frame := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	responder, ok := teachMagic(p).(magics.Responder)
	if !ok {
		t.Fatal("the magic answers no panel")
	}
	var got strings.Builder
	ask := func(request string) {
		t.Helper()
		answer, err := responder.Respond(t.Context(), json.RawMessage(request))
		shown := regexp.MustCompile(`"image":"[^"]{40,}"`).ReplaceAllString(request, `"image":"..."`)
		fmt.Fprintf(&got, ">>> %s\n", shown)
		if err != nil {
			fmt.Fprintf(&got, "error: %v\n", err)
			return
		}
		fmt.Fprintf(&got, "%s\n", probability.ReplaceAllString(string(answer), `"probability":...`))
	}
	ask(`{}`)
	mustCall(t, p, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --json")
	red, blue := frame("photos/red/0.png"), frame("photos/blue/0.png")
	for _, request := range []string{
		`{"action":"state"}`, `{"action":"predict","image":` + red + `}`, `{"action":"add","class":"red","image":` + red + `}`,
		`{"action":"add","class":"blue","image":` + blue + `,"name":"frame 2"}`, `{"action":"predict","image":` + frame("photos/red/1.png") + `,"top":1}`,
		`{"action":"add","class":"red","image":` + frame("photos/red/1.png") + `}`, `{"action":"add","image":` + red + `}`,
		`{"action":"add","class":"red"}`, `{"action":"add","class":"red","image":"bm8gaW1hZ2U="}`, `{"action":"add","class":"red","image":7}`,
		`{"action":"undo"}`, `{"action":"drop"}`, `{"action":"drop","class":"blue"}`, `{"action":"sing"}`, `{"action":"reset"}`, `{"action":"state"}`,
		`{"action":"folder","folder":"photos"}`, `{"action":"predict","image":` + red + `,"top":1}`, `{"action":"folder","folder":"photos"}`,
		`{"action":"folder"}`, `{"action":"folder","folder":"nowhere"}`,
	} {
		ask(request)
	}
	compareGolden(t, "teach_requests.golden", got.String())
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join(testdata, name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: the cells show something else (-want +got); -update where that is meant:\n%s", name, diff)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
