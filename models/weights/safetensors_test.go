package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// encode puts a header before data.
func encode(header string, data []byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), data...)
}

func parse(file []byte) (*safetensors, error) {
	return readSafetensors(bytes.NewReader(file), int64(len(file)), maxHeader)
}

func TestTensorsOfEveryFloatType(t *testing.T) {
	// 1, -2 and 0.5 in each type, by hand.
	file := encode(`{"__metadata__":{"format":"pt"},`+
		`"single":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},`+
		`"half":{"dtype":"F16","shape":[3,1],"data_offsets":[12,18]},`+
		`"brain":{"dtype":"BF16","shape":[1,3],"data_offsets":[18,24]},`+
		`"double":{"dtype":"F64","shape":[3],"data_offsets":[24,48]},`+
		`"empty":{"dtype":"F32","shape":[0,4],"data_offsets":[48,48]},`+
		`"scalar":{"dtype":"I64","shape":[],"data_offsets":[48,56]}}   `,
		[]byte("\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f"+"\x00\x3c\x00\xc0\x00\x38"+"\x80\x3f\x00\xc0\x00\x3f"+
			"\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\xe0\x3f"+
			"\x07\x00\x00\x00\x00\x00\x00\x00"))
	s, err := parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(s.Names()); !slices.Equal(got, []string{"brain", "double", "empty", "half", "scalar", "single"}) {
		t.Errorf("names %v", got)
	}
	if diff := cmp.Diff(map[string]string{"format": "pt"}, s.Metadata()); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"single", "half", "brain", "double"} {
		tensor, err := s.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Float32s(tensor)
		if err != nil || !slices.Equal(got, []float32{1, -2, 0.5}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if shape, ok := s.Shape("half"); !ok || !slices.Equal(shape.Dimensions, []int{3, 1}) {
		t.Errorf("half has shape %s", shape)
	}
	scalar, err := s.Tensor("scalar")
	if err != nil || scalar.Value() != int64(7) {
		t.Errorf("scalar: %v, %v", scalar, err)
	}
	if _, err := Float32s(scalar); err == nil {
		t.Error("an integer was taken for a weight")
	}
	if tensor, err := s.Tensor("empty"); err != nil || tensor.Size() != 0 {
		t.Errorf("empty: %v, %v", tensor, err)
	}
	if _, err := s.Tensor("none"); err == nil {
		t.Error("a tensor that is not there was read")
	}
}

// hostileFiles are files that must be refused, and a word of the reason.
var hostileFiles = map[string]struct {
	file []byte
	want string
}{
	"empty":             {nil, "shorter"},
	"length only":       {encode("", nil), "not a safetensors file"},
	"huge header":       {binary.LittleEndian.AppendUint64(nil, 1<<63), "not a safetensors file"},
	"header past end":   {append(binary.LittleEndian.AppendUint64(nil, 100), "{}"...), "cut off"},
	"no JSON":           {encode("hello", nil), "not a safetensors file"},
	"array":             {encode("[]", nil), "not a safetensors file"},
	"trailing brace":    {encode("{}}", nil), "header"},
	"trailing object":   {encode("{} {}", nil), "follows"},
	"trailing data":     {encode("{}", []byte{1}), "cut off or damaged"},
	"truncated":         {encode(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, make([]byte, 7)), "cut off"},
	"duplicate tensor":  {encode(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, nil), "twice"},
	"duplicate key":     {encode(`{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, nil), "twice"},
	"duplicate note":    {encode(`{"__metadata__":{"a":"1","a":"2"}}`, nil), "twice"},
	"note no text":      {encode(`{"__metadata__":{"a":1}}`, nil), "must be text"},
	"overlap":           {encode(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, make([]byte, 6)), "overlaps"},
	"same place":        {encode(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, make([]byte, 4)), "overlaps"},
	"hole":              {encode(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}`, make([]byte, 6)), "hole"},
	"hole at the start": {encode(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}`, make([]byte, 4)), "hole"},
	"size overflows":    {encode(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, nil), "overflows"},
	"size overflows 2":  {encode(`{"a":{"dtype":"F64","shape":[9223372036854775807],"data_offsets":[0,0]}}`, nil), "overflows"},
	"hidden overflow":   {encode(`{"a":{"dtype":"F64","shape":[9223372036854775807,0],"data_offsets":[0,0]}}`, nil), "overflows"},
	"negative":          {encode(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}`, nil), "0 or more"},
	"fraction":          {encode(`{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,0]}}`, nil), "0 or more"},
	"backward":          {encode(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}`, make([]byte, 2)), "data_offsets"},
	"wrong size":        {encode(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, make([]byte, 4)), "takes 8 bytes"},
	"three offsets":     {encode(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}`, nil), "more than 2"},
	"one offset":        {encode(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}`, nil), "two data_offsets"},
	"nine axes":         {encode(`{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}`, make([]byte, 1)), "more than 8"},
	"unknown type":      {encode(`{"a":{"dtype":"F3","shape":[0],"data_offsets":[0,0]}}`, nil), "F3"},
	"type no text":      {encode(`{"a":{"dtype":3,"shape":[0],"data_offsets":[0,0]}}`, nil), "type 3"},
	"no type":           {encode(`{"a":{"shape":[0],"data_offsets":[0,0]}}`, nil), "needs a dtype"},
	"unknown key":       {encode(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}`, nil), "must be one of"},
	"deep":              {encode(strings.Repeat(`{"a":`, 100_000), nil), "must be one of"},
}

func TestHostileFilesAreRefused(t *testing.T) {
	for name, test := range hostileFiles {
		if _, err := parse(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, test.want)
		}
	}
}

// Files that a download leaves under the name of weights are refused by what they are.
func TestOtherFilesAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"LFS pointer":  {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 102469840\n", ErrLFSPointer},
		"page":         {"\n <!DOCTYPE html>\n<html><body>Sign in</body></html>", ErrHTML},
		"page without": {"<html lang=\"en\">", ErrHTML},
		"license":      {"                                 Apache License", ErrNotSafetensors},
		"short":        {"abc", ErrNotSafetensors},
	} {
		file := filepath.Join(t.TempDir(), "model.safetensors")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(file); !errors.Is(err, test.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSafetensors(f *testing.F) {
	for _, test := range hostileFiles {
		f.Add(test.file)
	}
	f.Add(encode(`{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}`, make([]byte, 9)))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := parse(file)
		if err != nil {
			return
		}
		total := int64(0)
		for name := range s.Names() {
			shape, ok := s.Shape(name)
			tensor, err := s.Tensor(name)
			if !ok || err != nil {
				t.Fatalf("tensor %q of an accepted file cannot be read: %v", name, err)
			}
			if !tensor.Shape().Equal(shape) {
				t.Fatalf("tensor %q has shape %s, announced as %s", name, tensor.Shape(), shape)
			}
			total += tensor.ByteSize()
		}
		if want := int64(len(file)) - s.origin; total != want {
			t.Fatalf("the tensors take %d bytes of %d", total, want)
		}
	})
}

func TestOtherFormatsAreRefusedWithTheConversion(t *testing.T) {
	for name, test := range map[string]struct{ head, want string }{
		"model.h5":        {"\x89HDF\r\n\x1a\n", "keras.applications.ResNet50(weights=sys.argv[1]"},
		"named.h5":        {"anything", "HDF5"},
		"hidden.weights":  {"\x89HDF\r\n\x1a\n", "HDF5"},
		"model.keras":     {"PK\x03\x04....", "keras.models.load_model("},
		"model.pth":       {"\x80\x02cos\nsystem\n)R.", "torch.load("},
		"new.bin":         {"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93.", "os.system"},
		"old.bin":         {"\x80\x02cnumpy\nndarray\n.", "weights_only=True"},
		"hub.safetensors": {"\x80\x02cos\nsystem\n)R.", "hub.converted.safetensors'"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(test.head), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "python -P -c") {
			t.Errorf("%s: got %v, want the conversion with %q", name, err, test.want)
		}
	}
}

// What this program writes is safetensors. In its place another format is refused, also one that Open reads.
func TestOpenSafetensors(t *testing.T) {
	checkpoint, err := os.ReadFile(filepath.Join("checkpoint", "testdata", "network-legacy.pth"))
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := os.ReadFile(filepath.Join("checkpoint", "testdata", "network-zip.pth"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "head.safetensors")
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"safetensors": {encode(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, []byte{1, 2}), nil},
		"legacy":      {checkpoint, ErrNotSafetensors},
		"zipped":      {zipped, ErrNotSafetensors},
		"HDF5":        {[]byte("\x89HDF\r\n\x1a\n"), ErrNotSafetensors},
		"a pointer":   {[]byte("version https://git-lfs.github.com/spec/v1\n"), ErrLFSPointer},
	} {
		if err := os.WriteFile(path, test.file, 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := OpenSafetensors(path)
		if !errors.Is(err, test.want) || err != nil && !strings.HasPrefix(err.Error(), "open weights "+path+": ") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := source.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := OpenSafetensors(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// An error repeats the beginning of a stranger's text, and nothing that a terminal obeys.
func TestErrorsRepeatLittleOfAFile(t *testing.T) {
	name := strings.Repeat("A", 1<<20)
	const control = "\u009b2J" // a control character that JSON allows as it is
	good := `{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`
	tensor := func(fields string) []byte { return encode(`{"a":{`+fields+`}}`, nil) }
	for what, file := range map[string][]byte{
		"a name":        encode(`{"`+control+name+`":{}}`, nil),
		"a name twice":  encode(`{"`+control+name+`":`+good+`,"`+control+name+`":`+good+`}`, nil),
		"a note":        encode(`{"__metadata__":{"`+control+name+`":1}}`, nil),
		"a type":        tensor(`"dtype":"` + control + name + `"`),
		"a number":      tensor(`"dtype":` + strings.Repeat("1", 1<<20)),
		"a key":         tensor(`"` + control + name + `":1`),
		"no array":      tensor(`"shape":"` + control + name + `"`),
		"no integer":    tensor(`"shape":["` + control + name + `"]`),
		"a long number": tensor(`"shape":[` + strings.Repeat("1", 1<<20) + `]`),
		"behind it":     encode(`{} "`+control+name+`"`, nil),
		"a hole":        encode(`{"`+control+name+`":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}`, nil),
		"an overlap": encode(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"`+control+name+`":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`,
			[]byte{1, 2}),
	} {
		_, err := parse(file)
		if err == nil {
			t.Errorf("%s: it is read", what)
			continue
		}
		if text := err.Error(); len(text) > 1000 || strings.Contains(text, control[:2]) {
			t.Errorf("%s: %d bytes, %.200q", what, len(text), text)
		}
	}
}

func TestOpen(t *testing.T) {
	// A header of 640 bytes begins like a pickle.
	header := `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`
	header += strings.Repeat(" ", 640-len(header))
	path := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(path, encode(header, []byte{1, 2}), 0o644); err != nil {
		t.Fatal(err)
	}
	source, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil { // beneath the open file
		t.Fatal(err)
	}
	if _, err := source.Tensor("a"); err == nil {
		t.Error("a tensor was read from behind the end of the file")
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	for name, path := range map[string]string{"a folder": t.TempDir(), "no file": filepath.Join(t.TempDir(), "none")} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
