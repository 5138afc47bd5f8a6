package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/weights/pickle"
)

// file is a file of an archive.
type file struct{ name, content string }

// archive is a zip file of files that are stored.
func archive(files ...file) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(to, f.content)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// text is a pickled text.
func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// integer is a pickled integer.
func integer(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// pickled makes parts of pickles.
type pickled struct{}

// tensor is a tensor of a storage of so many elements; shape and strides are pickled tuples.
func (pickled) tensor(class, key string, count, offset int64, shape, strides string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + class + "\n" + text(key) + text("cpu") + integer(count) + "tQ" +
		integer(offset) + shape + strides + "\x89)tR"
}

// dictOf is a state dict of one tensor w.
func dictOf(tensor string) string { return "}" + text("w") + tensor + "s." }

// whole is a checkpoint with one tensor of six float32 in a storage 0.
func whole(class string, count, offset int64, shape, strides string) []byte {
	return archive(file{"x/data.pkl", dictOf(pickled{}.tensor(class, "0", count, offset, shape, strides))}, file{"x/data/0", strings.Repeat("\x00\x00\x80\x3f", 6)})
}

// Tensors that do not lie where their pickle says are refused when the file is opened.
func TestHostileTensors(t *testing.T) {
	tuple := func(list ...int64) string {
		s := "("
		for _, n := range list {
			s += integer(n)
		}
		return s + "t"
	}
	if f, err := read(whole("FloatStorage", 6, 1, tuple(2, 2), tuple(3, 1))); err != nil {
		t.Fatal(err)
	} else if raw, err := f.Bytes("w"); err != nil || len(raw) != 16 {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"a storage shorter than claimed": {whole("FloatStorage", 7, 0, tuple(7), tuple(1)), "should have 28 bytes and has 24"},
		"a storage longer than claimed":  {whole("FloatStorage", 5, 0, tuple(5), tuple(1)), "should have 20 bytes and has 24"},
		"a storage of another type":      {whole("DoubleStorage", 6, 0, tuple(6), tuple(1)), "should have 48 bytes"},
		"a storage of 2^63 bytes":        {whole("FloatStorage", math.MaxInt64, 0, tuple(6), tuple(1)), "cannot have"},
		"a negative storage":             {whole("FloatStorage", -6, 0, tuple(6), tuple(1)), "cannot have -6"},
		"a negative offset":              {whole("FloatStorage", 6, -1, tuple(2), tuple(1)), "its offset is -1"},
		"an offset behind the end":       {whole("FloatStorage", 6, 7, tuple(1), tuple(1)), "its offset is 7"},
		"an offset at the end":           {whole("FloatStorage", 6, 6, tuple(1), tuple(1)), "leaves its storage"},
		"an offset near the end":         {whole("FloatStorage", 6, 3, tuple(4), tuple(1)), "leaves its storage"},
		"a large offset":                 {whole("FloatStorage", 6, math.MaxInt64, tuple(2), tuple(1)), "its offset is"},
		"a negative size":                {whole("FloatStorage", 6, 0, tuple(-2, -3), tuple(3, 1)), "negative"},
		"a negative stride":              {whole("FloatStorage", 6, 5, tuple(6), tuple(-1)), "negative"},
		"a stride behind the end":        {whole("FloatStorage", 6, 0, tuple(2, 3), tuple(4, 1)), "leaves its storage"},
		"a stride of 2^63":               {whole("FloatStorage", 6, 0, tuple(3, 2), tuple(math.MaxInt64, math.MaxInt64)), "leaves its storage"},
		"a stride that overflows to 0":   {whole("FloatStorage", 6, 0, tuple(5), tuple(1<<62)), "leaves its storage"},
		"a size that overflows":          {whole("FloatStorage", 6, 0, tuple(1<<31-1, 1<<31-1, 1<<31-1), tuple(0, 0, 0)), "overflows"},
		"a size of 2^32":                 {whole("FloatStorage", 6, 0, tuple(1<<32), tuple(0)), "overflows"},
		"an element many times":          {whole("FloatStorage", 6, 0, tuple(1<<30), tuple(0)), "it repeats them"},
		"nine dimensions":                {whole("FloatStorage", 6, 0, tuple(1, 1, 1, 1, 1, 1, 1, 1, 6), tuple(1, 1, 1, 1, 1, 1, 1, 1, 1)), "not made of"},
		"a stride too few":               {whole("FloatStorage", 6, 0, tuple(2, 3), tuple(1)), "has 1 strides"},
		"a size of texts":                {whole("FloatStorage", 6, 0, text("6")+"\x85", tuple(1)), "not made of"},
		"a size of a list":               {whole("FloatStorage", 6, 0, "]", tuple(1)), "not made of"},
		"a type that is unknown":         {whole("QInt8Storage", 6, 0, tuple(6), tuple(1)), "torch.QInt8Storage"},
		"a storage that is a function":   {whole("Size", 6, 0, tuple(6), tuple(1)), "not named as PyTorch does"},
		"another storage":                {archive(file{"x/data.pkl", dictOf(pickled{}.tensor("FloatStorage", "1", 6, 0, tuple(6), tuple(1)))}, file{"x/data/0", strings.Repeat("1234", 6)}), `no storage "1"`},
		"a storage with a path":          {archive(file{"x/data.pkl", dictOf(pickled{}.tensor("ByteStorage", "../data.pkl", 6, 0, tuple(6), tuple(1)))}, file{"x/data/../data.pkl", "123456"}), "no storage"},
		"few arguments":                  {archive(file{"x/data.pkl", dictOf("ctorch._utils\n_rebuild_tensor_v2\nN\x85R")}), "of 1 arguments"},
		"no storage":                     {archive(file{"x/data.pkl", dictOf("ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR")}), "not made of"},
		"an ID of a number":              {archive(file{"x/data.pkl", dictOf("ctorch._utils\n_rebuild_tensor_v2\n(K\x07QK\x00))tR")}), "not named as PyTorch does"},
		"a module":                       {archive(file{"x/data.pkl", dictOf("ctorch._utils\n_rebuild_tensor_v2\n((" + text("module") + "NNNNtQK\x00))tR")}), "the code of a module"},
		"a negation":                     {archive(file{"x/data.pkl", dictOf(strings.Replace(pickled{}.tensor("FloatStorage", "0", 6, 0, tuple(6), tuple(1)), "\x89)tR", "\x89)}"+text("neg")+"\x88stR", 1))}), "negated"},
	} {
		if _, err := read(test.file); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

// A zip file can say what it likes of its files.
func TestHostileZipFiles(t *testing.T) {
	content := dictOf(pickled{}.tensor("FloatStorage", "0", 2, 0, "K\x02\x85", "K\x01\x85"))
	data, numbers := file{"x/data.pkl", content}, file{"x/data/0", "12345678"}
	compressed := func() []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		to, err := w.Create("x/data.pkl") // deflated
		if err == nil {
			_, err = to.Write(make([]byte, 100<<20))
		}
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	// patch changes bytes of the n-th file in the list of files.
	patch := func(n, at int, value ...byte) []byte {
		whole := archive(data, numbers)
		place := -1
		for range n + 1 {
			place += 1 + bytes.Index(whole[place+1:], []byte(directoryMagic))
		}
		copy(whole[place+at:], value)
		return whole
	}
	end := func(at int, value ...byte) []byte {
		whole := archive(data, numbers)
		copy(whole[len(whole)-endLength+at:], value)
		return whole
	}
	for name, test := range map[string]struct {
		file []byte
		says string // empty: it is read
	}{
		"in order":                   {archive(data, numbers), ""},
		"little-endian":              {archive(data, numbers, file{"x/byteorder", "little"}), ""},
		"other files":                {archive(data, numbers, file{"x/version", "3\n"}, file{"x/.data/serialization_id", "1"}), ""},
		"big-endian":                 {archive(data, numbers, file{"x/byteorder", "big"}), `order "big"`},
		"a long order":               {archive(data, numbers, file{"x/byteorder", strings.Repeat("little", 9)}), "at most 16"},
		"a bomb":                     {compressed(), "compressed"},
		"files that overlap":         {patch(1, 42, 0, 0), "does not lie where it should"}, // storage 0 lies where the pickle does
		"a size into the next file":  {patch(0, 20, 255, 1, 0, 0, 255, 1, 0, 0), ""},       // set below
		"a size behind the end":      {patch(1, 20, 255, 255, 255, 127, 255, 255, 255, 127), "cut off"},
		"a size of 4 GB":             {patch(1, 20, 255, 255, 255, 255, 255, 255, 255, 255), "4 GB"},
		"a place behind the end":     {patch(1, 42, 255, 255, 255, 127), "cut off"},
		"an encrypted file":          {patch(1, 8, 1), "encrypted"},
		"a name of 64 kB":            {patch(1, 28, 255, 255), "cut off"},
		"two of one name":            {archive(data, numbers, numbers), `two files "x/data/0"`},
		"two pickles":                {archive(data, numbers, file{"y/data.pkl", content}), "has 2 pickles"},
		"no pickle":                  {archive(numbers), "has 0 pickles"},
		"a pickle in another folder": {archive(file{"../x/data.pkl", content}, numbers), "has 0 pickles"},
		"a pickle at the root":       {archive(file{"/data.pkl", content}, numbers), "has 0 pickles"},
		"storages of another folder": {archive(data, file{"y/data/0", "12345678"}), "no storage"},
		"a program":                  {archive(data, numbers, file{"x/constants.pkl", ")."}), "TorchScript"},
		"a pickle that calls":        {archive(file{"x/data.pkl", "cos\nsystem\n" + text("touch pwned") + "\x85R."}, numbers), "os.system"},
		"a pickle of 17 MB":          {archive(file{"x/data.pkl", strings.Repeat("N", 17<<20)}, numbers), "at most 16777216"},
		"an empty pickle":            {archive(file{"x/data.pkl", ""}, numbers), "EOF"},
		"many files":                 {end(8, 255, 255, 255, 255), "65,534"},
		"more files than there are":  {end(8, 9, 0, 9, 0), "cut off"},
		"fewer files than there are": {end(8, 1, 0, 1, 0), "cut off"},
		"two parts":                  {end(8, 1, 0), "cut off"},
		"a list of 4 GB":             {end(12, 255, 255, 255, 127), "cut off"},
		"a list behind the end":      {end(16, 255, 255, 255, 127), "cut off"},
		"a comment that is not":      {end(20, 9), "cut off"},
		"only a beginning":           {[]byte(zipMagic), "cut off"},
	} {
		if name == "a size into the next file" {
			length := binary.LittleEndian.AppendUint32(nil, uint32(len(content)+30+len(numbers.name)+8))
			test.file, test.says = patch(0, 20, append(length, length...)...), "overlaps another"
		}
		f, err := read(test.file)
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if raw, err := f.Bytes("w"); err != nil || string(raw) != numbers.content {
				t.Errorf("%s: %q, %v", name, raw, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

// legacy is a file in the format before PyTorch 1.6.
func legacy(facts, object, keys string, storages ...string) []byte {
	magic := "\x80\x02\x8a\x0a" + string(legacyMagic) + "."
	return []byte(magic + "\x80\x02M\xe9\x03." + facts + object + keys + strings.Join(storages, ""))
}

func TestHostileLegacyFiles(t *testing.T) {
	one := func(class, key string, count int64) string {
		return pickled{}.tensor(class, key, count, 0, integer(count)+"\x85", "K\x01\x85")
	}
	row := func(count int64, content string) string {
		return string(binary.LittleEndian.AppendUint64(nil, uint64(count))) + content
	}
	facts, object, keys := "}"+text("little_endian")+"\x88s.", dictOf(one("ByteStorage", "7", 4)), "]"+text("7")+"a."
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"in order":                      {legacy(facts, object, keys, row(4, "1234")), ""},
		"big-endian":                    {legacy("}"+text("little_endian")+"\x89s.", object, keys, row(4, "1234")), "big-endian"},
		"a storage cut off":             {legacy(facts, object, keys, row(4, "123")), "EOF"},
		"no storage":                    {legacy(facts, object, keys), "EOF"},
		"a storage of another length":   {legacy(facts, object, keys, row(5, "12345")), "should have 4 elements and has 5"},
		"a negative storage":            {legacy(facts, object, keys, row(-4, "1234")), "should have 4 elements"},
		"a storage of 2^60 elements":    {legacy(facts, dictOf(one("ByteStorage", "7", 1<<30)), keys, row(1<<30, "1234")), "EOF"},
		"a key twice":                   {legacy(facts, object, "]("+text("7")+text("7")+"e.", row(4, "1234"), row(4, "1234")), "twice"},
		"a key of nothing":              {legacy(facts, object, "]"+text("8")+"a.", row(4, "1234")), "nothing names"},
		"a key that is missing":         {legacy(facts, object, "].", row(4, "1234")), "no storage"},
		"keys of numbers":               {legacy(facts, object, "]K\x07a.", row(4, "1234")), "nothing names"},
		"no keys":                       {legacy(facts, object, "N.", row(4, "1234")), "not listed"},
		"two lengths of a storage":      {legacy(facts, "}("+text("v")+one("ByteStorage", "7", 4)+text("w")+one("ByteStorage", "7", 3)+"u.", keys, row(4, "1234")), "is named as"},
		"two types of a storage":        {legacy(facts, "}("+text("v")+one("ByteStorage", "7", 4)+text("w")+one("CharStorage", "7", 4)+"u.", keys, row(4, "1234")), "is named as"},
		"a storage in another":          {legacy(facts, strings.Replace(object, "tQ", "("+text("0")+"K\x00K\x04ttQ", 1), keys, row(4, "1234")), "parts of other storages"},
		"facts that call":               {legacy("cos\nsystem\n)R.", object, keys, row(4, "1234")), "os.system"},
		"keys that call":                {legacy(facts, object, "cos\nsystem\n)R.", row(4, "1234")), "os.system"},
		"a network with its code":       {legacy(facts, "ctorchvision.models.resnet\nResNet\n)\x81}b.", keys), "torchvision.models.resnet.ResNet"},
		"a pickle that is nothing else": {[]byte("\x80\x02cos\nsystem\n(U\x0btouch pwnedtR."), "os.system"},
		"a pickle of protocol 0":        {[]byte("cposix\nsystem\np0\n."), "posix.system"},
		"another pickle":                {[]byte("\x80\x02}."), "not a checkpoint of PyTorch"},
		"another number":                {[]byte("\x80\x02\x8a\x0aabcdefghij."), "not a checkpoint of PyTorch"},
		"another version":               {[]byte("\x80\x02\x8a\x0a" + string(legacyMagic) + ".K\x01."), "1001"},
		"a text":                        {[]byte("anything"), "not a checkpoint of PyTorch"},
		"nothing":                       {nil, "not a checkpoint of PyTorch"},
	} {
		f, err := read(test.file)
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if raw, err := f.Bytes("w"); err != nil || string(raw) != "1234" {
				t.Errorf("%s: %q, %v", name, raw, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

// What PyTorch may read, and is not read here, is told apart from damage.
func TestWhatIsNotSupported(t *testing.T) {
	for name, data := range map[string][]byte{
		"compressed": func() []byte {
			var out bytes.Buffer
			w := zip.NewWriter(&out)
			_, err := w.Create("x/data.pkl")
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}(),
		"big-endian": archive(file{"x/data.pkl", "}."}, file{"x/byteorder", "big"}),
	} {
		if _, err := read(data); !errors.As(err, new(*UnsupportedError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := read(archive(file{"x/data.pkl", "cnumpy.core.multiarray\nscalar\n)R."}))
	if refused, ok := errors.AsType[*pickle.GlobalError](err); !ok || refused.Global.String() != "numpy.core.multiarray.scalar" {
		t.Error(err)
	}
}

// One more tensor of a storage takes a few bytes of a pickle, and as many as the storage has once it is read.
func TestTensorsOfOneStorage(t *testing.T) {
	const count = 1 << 20 // bytes of the storage
	shared := func(tensors int, tensor string) []byte {
		object := "}(" + text("0") + tensor + "q\x00"
		for i := 1; i < tensors; i++ {
			object += text(fmt.Sprint(i)) + "h\x00"
		}
		return archive(file{"x/data.pkl", object + "u."}, file{"x/data/0", strings.Repeat("1", count)})
	}
	size := func(n int64) string { return integer(n) + "\x85" }
	whole := pickled{}.tensor("ByteStorage", "0", count, 0, size(count), size(1))
	ends := pickled{}.tensor("ByteStorage", "0", count, 0, size(2), size(count-1)) // reading its two elements reads all between
	for name, test := range map[string]struct {
		file    []byte
		refused bool
	}{
		"tied weights":          {shared(2, whole), false},
		"a few":                 {shared(6, whole), false},
		"a thousand":            {shared(1000, whole), true},
		"ends of a storage":     {shared(16, ends), false},
		"ends, a thousand":      {shared(1000, ends), true},
		"a thousand of nothing": {shared(1000, pickled{}.tensor("ByteStorage", "0", count, 0, size(0), size(1))), false},
	} {
		f, err := read(test.file)
		if test.refused {
			if !errors.As(err, new(*UnsupportedError)) || !strings.Contains(err.Error(), "its 1000 tensors share storages") || f != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A dictionary in another one has the key of that as a part of its own, which many can have.
func TestKeysAreNotCopiedForEachDictionary(t *testing.T) {
	const dictionaries = 20_000
	var inner strings.Builder
	for i := range dictionaries {
		inner.WriteString(text(fmt.Sprint(i)) + "}")
	}
	data := archive(file{"x/data.pkl", "}" + text(strings.Repeat("k", 4000)) + "}(" + inner.String() + "us."})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := read(data)
	runtime.ReadMemStats(&after)
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; err == nil || took > 40 {
		t.Errorf("%d MB for a file of %d kB, %v", took, len(data)>>10, err)
	}
}

// A key of a storage is hashed for each tensor of it.
func TestALongKeyOfAStorage(t *testing.T) {
	const tensors = 2000
	object := "((" + text("storage") + "ctorch\nFloatStorage\n" + text(strings.Repeat("1", 4<<20)) + text("cpu") + "K\x00tq\x00" +
		strings.Repeat("h\x00Q0", tensors) + "t."
	if _, err := read(legacy("}.", object, "].")); err == nil || !strings.Contains(err.Error(), "not named as PyTorch does") {
		t.Error(err)
	}
}

// An error repeats the beginning of a stranger's text, and nothing that a terminal obeys.
func TestErrorsRepeatLittleOfACheckpoint(t *testing.T) {
	const escape = "\x1b[2J\x1b]0;owned\x07"
	one := pickled{}.tensor("ByteStorage", "0", 1, 0, "K\x01\x85", "K\x01\x85")
	var dictionaries strings.Builder
	for i := range 5000 {
		dictionaries.WriteString(text(fmt.Sprint(escape, i)) + "}" + text("w") + one + "s")
	}
	several := "}(" + dictionaries.String() + "u."
	for what, file := range map[string][]byte{
		"dictionaries":       archive(file{"x/data.pkl", several}, file{"x/data/0", "1"}),
		"a tensor":           archive(file{"x/data.pkl", "}" + text(escape+strings.Repeat("A", 4000)) + one + "s."}),
		"a storage":          archive(file{"x/data.pkl", dictOf(pickled{}.tensor("ByteStorage", escape, 1, 0, "K\x01\x85", "K\x01\x85"))}),
		"a function":         archive(file{"x/data.pkl", "c" + escape + strings.Repeat("A", 1<<20) + "\nx\n."}),
		"files":              archive(file{"x/data.pkl", "}."}, file{escape, ""}, file{escape, ""}),
		"an order":           archive(file{"x/data.pkl", "}."}, file{"x/byteorder", escape}),
		"a legacy storage":   legacy("}.", dictOf(one), "]"+text(escape+strings.Repeat("A", 1<<20))+"a."),
		"a legacy function":  legacy("c"+escape+strings.Repeat("A", 1<<20)+"\nx\n.", dictOf(one), "]."),
		"a function, at all": []byte("\x80\x02c" + escape + strings.Repeat("A", 1<<20) + "\nx\n."),
	} {
		_, err := read(file)
		if err == nil {
			t.Errorf("%s: it is read", what)
			continue
		}
		if text := err.Error(); len(text) > 2000 || strings.ContainsAny(text, "\x1b\x07") {
			t.Errorf("%s: %d bytes, %.200q", what, len(text), text)
		}
	}
	_, err := read(archive(file{"x/data.pkl", several}, file{"x/data/0", "1"}))
	if ambiguous, ok := errors.AsType[*AmbiguousError](err); !ok || len(ambiguous.Keys) != 5000 || !strings.Contains(err.Error(), "and 4990 more") {
		t.Errorf("%T: %.200q", err, err)
	}
}

// endless is a file of zeros of any length, which no memory has room for.
type endless struct {
	size int64
	tail []byte
}

func (e endless) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if begin := e.size - int64(len(e.tail)); at+int64(len(p)) > begin {
		copy(p[max(0, begin-at):], e.tail[max(0, at-begin):])
	}
	copy(p, zipMagic[min(at, int64(len(zipMagic))):])
	return len(p), nil
}

func TestALargeFileTakesNoMemory(t *testing.T) {
	end := []byte(endMagic + "\x00\x00\x00\x00\xfe\xff\xfe\xff\xfe\xff\xff\xff\x00\x00\x00\x00\x00\x00")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(endless{1 << 40, end}, 1<<40)
	runtime.ReadMemStats(&after)
	if err == nil || after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("%d MB, %v", (after.TotalAlloc-before.TotalAlloc)>>20, err)
	}
}

func FuzzCheckpoint(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.pth"))
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := read(data)
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			kind, shape, ok := file.Tensor(name)
			raw, err := file.Bytes(name)
			count := kind.size()
			for _, n := range shape {
				count *= int64(n)
			}
			if err != nil || !ok || int64(len(raw)) != count || len(raw) > len(data) {
				t.Errorf("%s: %d bytes of %d for %s %v, %v", name, len(raw), len(data), kind, shape, err)
			}
		}
		_ = fmt.Sprint(file.Part())
	})
}
