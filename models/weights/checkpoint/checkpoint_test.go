package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func read(file []byte) (*File, error) { return Read(bytes.NewReader(file), int64(len(file))) }

// values are a tensor's elements.
func values(t *testing.T, kind Type, raw []byte) []float64 {
	t.Helper()
	var list []float64
	for part := range slices.Chunk(raw, int(kind.size())) {
		var whole [8]byte
		copy(whole[:], part)
		bits := binary.LittleEndian.Uint64(whole[:])
		shift := 64 - 8*kind.size()
		signed := int64(bits<<shift) >> shift
		switch kind {
		case Float64:
			list = append(list, math.Float64frombits(bits))
		case Float32:
			list = append(list, float64(math.Float32frombits(uint32(bits))))
		case BFloat16:
			list = append(list, float64(math.Float32frombits(uint32(bits)<<16)))
		case Float16: // the numbers here are normal ones, or 0
			exponent, fraction := bits>>10&31, float64(bits&1023)/1024
			value := math.Ldexp(1+fraction, int(exponent)-15)
			if bits&0x7fff == 0 {
				value = 0
			}
			list = append(list, math.Copysign(value, float64(signed)))
		case Uint8:
			list = append(list, float64(bits))
		default:
			list = append(list, float64(signed))
		}
	}
	return list
}

// What PyTorch reads from the files of testdata, which it wrote: see make.py there.
func TestWhatPyTorchWrote(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	type expected struct {
		Type   Type
		Shape  []int
		Values []float64
	}
	var files map[string]map[string]expected
	if err := json.Unmarshal(text, &files); err != nil || len(files) != 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for file, want := range files {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		f, err := read(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := f.Names(); len(got) != len(want) {
			t.Errorf("%s has %d tensors, want %d: %v", file, len(got), len(want), got)
		}
		for name, one := range want {
			kind, shape, ok := f.Tensor(name)
			if !ok || kind != one.Type || !slices.Equal(shape, one.Shape) {
				t.Errorf("%s: %s is %s %v, %t; want %s %v", file, name, kind, shape, ok, one.Type, one.Shape)
				continue
			}
			raw, err := f.Bytes(name)
			if got := values(t, kind, raw); err != nil || !slices.Equal(got, one.Values) {
				t.Errorf("%s: %s is %v, %v; want %v", file, name, got, err, one.Values)
			}
		}
		part, parts := f.Part()
		if strings.HasPrefix(file, "nested") != (part == "state_dict_ema") || part != "" && !slices.Equal(parts, []string{"state_dict", "state_dict_ema"}) {
			t.Errorf("%s: its state dict is %q of %q", file, part, parts)
		}
		if _, err := f.Bytes("none"); err == nil {
			t.Errorf("%s has a tensor that it does not have", file)
		}
	}
}

// Every file that ends early is refused when it is opened.
func TestCutOff(t *testing.T) {
	for _, name := range []string{"network-zip.pth", "network-zip4.pth", "network-legacy.pth"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(data) {
			if _, err := read(data[:n]); err == nil {
				t.Errorf("%s is read from its first %d of %d bytes", name, n, len(data))
			}
		}
	}
}

func TestStateDictOfACheckpoint(t *testing.T) {
	one := pickled{}.tensor("FloatStorage", "0", 1, 0, "K\x01\x85", "K\x01\x85")
	dict := func(entries ...string) string { return "}(" + strings.Join(entries, "") + "u" }
	key := func(name, value string) string { return text(name) + value }
	w := key("w", one)
	for name, test := range map[string]struct {
		object, part, refused string
	}{
		"itself":                     {object: dict(w)},
		"beside numbers":             {object: dict(w, key("epoch", "K\x03"), "K\x07N")},
		"below a key":                {object: dict(key("anything", dict(w)), key("epoch", "K\x03")), part: "anything"},
		"below two keys":             {object: dict(key("a", dict(key("b", dict(w))))), part: "a.b"},
		"beside a loss":              {object: dict(key("loss", one), key("model", dict(w))), part: "model"},
		"averaged":                   {object: dict(key("state_dict", dict(w)), key("model_ema", dict(w))), part: "model_ema"},
		"a teacher":                  {object: dict(key("student", dict(w)), key("teacher", dict(w))), part: "teacher"},
		"deep":                       {object: dict(key("x", dict(key("model", dict(w)), key("loss", dict(w))))), part: "x.model"},
		"beside an optimizer":        {object: dict(key("net", dict(w)), key("optimizer", dict(key("state", dict("K\x00"+dict(w)))))), part: "net"},
		"two":                        {object: dict(key("a", dict(w)), key("b", dict(w))), refused: `several dictionaries of tensors ("a", "b")`},
		"none":                       {object: dict(key("a", dict()), key("b", "K\x01")), refused: "no dictionary of tensors"},
		"of numbers":                 {object: dict("K\x01" + one), refused: "no dictionary of tensors"},
		"a list":                     {object: "](" + one + "e", refused: "no dictionary of tensors"},
		"too deep":                   {object: strings.Repeat("}"+text("a"), 20) + "}" + w + "s" + strings.Repeat("s", 20), refused: "no dictionary of tensors"},
		"in itself":                  {object: "}q\x00" + key("a", "h\x00") + "s", refused: "no dictionary of tensors"},
		"in itself, and has tensors": {object: "}q\x00(" + key("a", "h\x00") + w + "u"},
	} {
		f, err := read(archive(file{"x/data.pkl", test.object + "."}, file{"x/data/0", "\x00\x00\x80\x3f"}))
		if test.refused != "" {
			if err == nil || !strings.Contains(err.Error(), test.refused) {
				t.Errorf("%s: %v, want %q", name, err, test.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if part, _ := f.Part(); part != test.part || !slices.Equal(f.Names(), []string{"w"}) {
			t.Errorf("%s: %q has %v, want %q", name, part, f.Names(), test.part)
		}
	}
}
