package transfer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// What the cells of a teaching show, against a golden file.
func TestTeachTranscript(t *testing.T) {
	p := transfertest.New(t)
	writeFile(t, "photos/red/broken.png", "no image")
	var got strings.Builder
	for _, line := range []string{
		"%teach --help", "%teach", "%teach red photos/red/0.png", "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --json",
		"%teach", "%teach red", "%teach red photos/red/0.png photos/red/broken.png", "%predict photos/blue/0.png", "%teach blue photos/blue", "%teach green photos/blue/1.png",
		"%teach --undo", "%teach red @train", "%teach red nowhere.png", "%teach --drop gren", "%teach --undo --reset", "%teach --drop red", "%teach --json",
		"%teach --model resnet50", "%teach red photos/red --model resnet50", "%teach --reset", "%teach",
	} {
		host := &magictest.Host{}
		err := p.Call(t.Context(), host, line)
		text := transfertest.Transcript(host, err)
		if strings.HasSuffix(line, "--json") && strings.HasPrefix(line, "%dataset") {
			text = ""
		}
		fmt.Fprintf(&got, ">>> %s\n%s", line, text)
	}
	transfertest.CompareGolden(t, filepath.Join(testdata, "teach.golden"), got.String(), *update)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A model that was saved and loaded again is taught on.
func TestALoadedModelIsTaughtOn(t *testing.T) {
	p := transfertest.New(t)
	for _, line := range []string{
		"%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --json", "%teach red photos/red/0.png", "%teach blue photos/blue/0.png",
		"%save pets", "%teach --reset", "%load pets", "%teach red photos/red/1.png --model pets",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	host := &magictest.Host{}
	if err := p.Call(t.Context(), host, "%teach --model pets --json"); err != nil || !strings.Contains(host.Output(), `"images":3`) {
		t.Errorf("it is %s: %v", host.Output(), err)
	}
}
