package panel_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// probability is what a processor decides the last digits of.
var probability = regexp.MustCompile(`"probability":[0-9.e-]+`)

// What a panel asks and is answered, against a golden file: it is a protocol.
func TestTeachRequests(t *testing.T) {
	p := transfertest.New(t)
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
	var got strings.Builder
	ask := func(request string) {
		t.Helper()
		answer, err := transfertest.Ask[json.RawMessage](t, p, "teach", request)
		shown := regexp.MustCompile(`"image":"[^"]{40,}"`).ReplaceAllString(request, `"image":"..."`)
		fmt.Fprintf(&got, ">>> %s\n", shown)
		if err != nil {
			fmt.Fprintf(&got, "error: %v\n", err)
			return
		}
		fmt.Fprintf(&got, "%s\n", probability.ReplaceAllString(string(answer), `"probability":...`))
	}
	ask(`{}`)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --json")
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
	transfertest.CompareGolden(t, filepath.Join(testdata, "teach_requests.golden"), got.String(), *update)
}
