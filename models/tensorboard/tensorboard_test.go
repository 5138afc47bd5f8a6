package tensorboard

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

var update = flag.Bool("update", false, "write the golden file; then make events.json with read.py")

var start = time.Unix(1_700_000_000, 250_000_000).UTC()

// written is a short training in one file.
func written(t *testing.T, dir string) []byte {
	t.Helper()
	w, err := Create(dir, start)
	if err != nil {
		t.Fatal(err)
	}
	ok := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(w.Parameters(start, "resnet50-1", map[string]any{"learning_rate": 0.001, "epochs": 2, "optimizer": "adam", "keep_last": false, "odd": []string{"a"}}))
	ok(w.Scalars(start.Add(time.Second), 1, Scalar{"epoch_loss", 1.5}, Scalar{"epoch_accuracy", 0.25}, Scalar{"nothing", math.NaN()}))
	ok(w.Scalars(start.Add(2*time.Second), 2, Scalar{"epoch_loss", 0.75}, Scalar{"epoch_accuracy", 0.5}))
	ok(w.Scalars(start, 3, Scalar{"nothing", math.NaN()}))
	ok(w.Text(start.Add(2*time.Second), 2, "run", "| a | \u00e9\\|b |"))
	ok(w.End(start.Add(3*time.Second), true))
	ok(w.Close())
	raw, err := os.ReadFile(filepath.Join(dir, "events.out.tfevents.1700000000.headstart"))
	ok(err)
	return raw
}

// TestGolden: testdata/events.json is what TensorBoard's reader finds in the golden file, by testdata/read.py.
func TestGolden(t *testing.T) {
	got := written(t, t.TempDir())
	golden := filepath.Join("testdata", "events.golden")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes are written, the golden file has %d others", len(got), len(want))
	}
	var found []struct {
		Version    string         `json:"version"`
		Tag        string         `json:"tag"`
		Plugin     string         `json:"plugin"`
		Step       int            `json:"step"`
		Time       float64        `json:"time"`
		Value      float64        `json:"value"`
		Text       string         `json:"text"`
		Group      string         `json:"group"`
		Parameters map[string]any `json:"parameters"`
		Status     int            `json:"status"`
	}
	raw, err := os.ReadFile(filepath.Join("testdata", "events.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 8 || found[0].Version != "brain.Event:2" || found[1].Group != "resnet50-1" || found[7].Status != statusSuccess {
		t.Fatalf("TensorBoard finds %s", raw)
	}
	if p := found[1].Parameters; p["learning_rate"] != 0.001 || p["epochs"] != 2.0 || p["optimizer"] != "adam" || p["keep_last"] != false || p["odd"] != "[a]" {
		t.Errorf("TensorBoard finds the parameters %v", p)
	}
	if text := found[6]; text.Tag != "run" || text.Plugin != "text" || text.Step != 2 || text.Text != "| a | \u00e9\\|b |" {
		t.Errorf("TensorBoard finds the text %+v", text)
	}
	for i, want := range []struct {
		tag   string
		step  int
		value float64
	}{{"epoch_loss", 1, 1.5}, {"epoch_accuracy", 1, 0.25}, {"epoch_loss", 2, 0.75}, {"epoch_accuracy", 2, 0.5}} {
		if got := found[i+2]; got.Tag != want.tag || got.Step != want.step || got.Value != want.value || got.Plugin != "scalars" || got.Time != 1_700_000_000.25+float64(want.step) {
			t.Errorf("TensorBoard finds %+v, want %+v", got, want)
		}
	}
}

// TestRecords: each record is whole, with checksums that fit, and a message that a parser of protocol buffers takes.
func TestRecords(t *testing.T) {
	raw := written(t, t.TempDir())
	records := 0
	for len(raw) > 0 {
		n := binary.LittleEndian.Uint64(raw)
		if masked(raw[:8]) != binary.LittleEndian.Uint32(raw[8:]) || masked(raw[12:12+n]) != binary.LittleEndian.Uint32(raw[12+n:]) {
			t.Fatalf("record %d has a wrong checksum", records)
		}
		for event := raw[12 : 12+n]; len(event) > 0; {
			_, _, length := protowire.ConsumeField(event)
			if length < 0 {
				t.Fatalf("record %d: %v", records, protowire.ParseError(length))
			}
			event = event[length:]
		}
		raw = raw[16+n:]
		records++
	}
	if records != 6 {
		t.Errorf("%d records, want 6", records)
	}
}

// TestChecksum has the value of TensorBoard's own masked_crc32c.
func TestChecksum(t *testing.T) {
	if got := masked([]byte("foo")); got != 0xfebe8a61 {
		t.Errorf("the checksum is %#x", got)
	}
}

func TestFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd [name]*", "train")
	if Exists(dir) {
		t.Error("a folder that is not there has a file")
	}
	written(t, dir)
	if !Exists(dir) || Exists(filepath.Dir(dir)) {
		t.Error("the file is not found, or found where it is not")
	}
	first := written(t, dir)
	if again := written(t, dir); !bytes.Equal(first, again) {
		t.Error("a second export differs")
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(blocked, "run"), start); err == nil {
		t.Error("a folder below a file was created")
	}
}
