package pickle

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// allowed are globals of each use.
func allowed() map[Global]Use {
	return map[Global]Use{
		{"collections", "OrderedDict"}: Dictionary, {"torch", "FloatStorage"}: Name, {"torch._utils", "_rebuild_tensor_v2"}: Function,
	}
}

func dict(entries ...Entry) *Dict {
	d := &Dict{}
	for _, e := range entries {
		if err := d.add(e.Key, e.Value); err != nil {
			panic(err)
		}
	}
	return d
}

// The pickles are by hand, by the comments of Python's pickletools.py.
func TestLoad(t *testing.T) {
	ordered, storage := "ccollections\nOrderedDict\n", "ctorch\nFloatStorage\n"
	tensor := Global{"torch._utils", "_rebuild_tensor_v2"}
	for name, test := range map[string]struct {
		pickle string
		want   Value
	}{
		"none":                    {"N.", nil},
		"booleans":                {"(\x88\x89I01\nI00\nt.", Tuple{true, false, true, false}},
		"integers":                {"(K\xffM\x01\x02J\xff\xff\xff\xffI-7\nL12L\nt.", Tuple{int64(255), int64(513), int64(-1), int64(-7), int64(12)}},
		"long of 0 bytes":         {"\x80\x02\x8a\x00.", int64(0)},
		"long of 2 bytes":         {"\x80\x02\x8a\x02\x00\xff.", int64(-256)},
		"long of 8 bytes":         {"\x80\x02\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.", int64(math.MaxInt64)},
		"long of 9 bytes":         {"\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", Long("\x00\x00\x00\x00\x00\x00\x00\x00\x01")},
		"long with a long length": {"\x80\x02\x8b\x01\x00\x00\x00\x05.", int64(5)},
		"float":                   {"G\x3f\xe8\x00\x00\x00\x00\x00\x00.", 0.75},
		"texts":                   {"(X\x02\x00\x00\x00hiU\x01aT\x01\x00\x00\x00b\x8c\x01c\x8d\x01\x00\x00\x00\x00\x00\x00\x00dt.", Tuple{"hi", "a", "b", "c", "d"}},
		"bytes":                   {"\x80\x03(C\x01aB\x02\x00\x00\x00bct.", Tuple{Bytes("a"), Bytes("bc")}},
		"tuple of tuples":         {"K\x01\x85K\x02K\x03\x86)\x87.", Tuple{Tuple{int64(1)}, Tuple{int64(2), int64(3)}, Tuple{}}},
		"list":                    {"](K\x01K\x02eK\x03a.", &List{Items: []Value{int64(1), int64(2), int64(3)}}},
		"list of marks":           {"(K\x01(K\x02ll.", &List{Items: []Value{int64(1), &List{Items: []Value{int64(2)}}}}},
		"dictionary":              {"}(U\x01aK\x01U\x01bK\x02uK\x05Ns.", dict(Entry{"a", int64(1)}, Entry{"b", int64(2)}, Entry{int64(5), nil})},
		"dictionary of a mark":    {"(U\x01aNd.", dict(Entry{"a", nil})},
		"ordered":                 {ordered + ")R(U\x01aNu}U\x09_metadataNsb.", dict(Entry{"a", nil})},
		"ordered by Python 2":     {ordered + "](](U\x01aK\x01eU\x01bK\x02\x86e\x85R.", dict(Entry{"a", int64(1)}, Entry{"b", int64(2)})},
		"memo":                    {"U\x01aq\x07h\x07r\x00\x00\x00\x01j\x00\x00\x00\x01\x87.", Tuple{"a", "a", "a"}},
		"memoize":                 {"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94h\x00\x86.", Tuple{"a", "a"}},
		"pop":                     {"K\x01K\x020.", int64(1)},
		"a name":                  {storage + ".", Global{"torch", "FloatStorage"}},
		"a name from the stack":   {"\x80\x04\x8c\x05torch\x8c\x0cFloatStorage\x93.", Global{"torch", "FloatStorage"}},
		"outside":                 {"(U\x07storage" + storage + "tQ.", Persistent{Tuple{"storage", Global{"torch", "FloatStorage"}}}},
		"a call":                  {"ctorch._utils\n_rebuild_tensor_v2\nK\x01K\x02\x86R.", &Call{tensor, Tuple{int64(1), int64(2)}}},
	} {
		got, err := Load([]byte(test.pickle+"rest"), allowed())
		if err != nil || !reflect.DeepEqual(got.Value, test.want) || got.Length != len(test.pickle) {
			t.Errorf("%s: %#v (%d bytes), %v; want %#v", name, got.Value, got.Length, err, test.want)
		}
	}
	if p, err := Load([]byte("K\x01QK\x02Q\x86."), nil); err != nil || !reflect.DeepEqual(p.Persistent, []Persistent{{int64(1)}, {int64(2)}}) {
		t.Errorf("what lies outside: %v, %v", p.Persistent, err)
	}
	d := dict(Entry{"a", int64(1)})
	if v, ok := d.Find("a"); !ok || v != Value(int64(1)) {
		t.Errorf("a is %v, %t", v, ok)
	}
	if _, ok := d.Find("b"); ok {
		t.Error("b was found")
	}
}

// What a pickle can do in Python, and not here. Each error names what it wanted.
func TestAPickleRunsNothing(t *testing.T) {
	function := "ctorch._utils\n_rebuild_tensor_v2\n"
	long := "X\x88\x13\x00\x00" + strings.Repeat("k", 5000)
	for name, test := range map[string]struct {
		pickle string
		want   any // what the error is as
		says   string
	}{
		"os.system":                  {"cos\nsystem\n(U\x0atouch pwnedtR.", new(*GlobalError), "os.system"},
		"of protocol 0":              {"cposix\nsystem\np0\n(S'touch pwned'\np1\ntp2\nRp3\n.", new(*GlobalError), "posix.system"},
		"builtins.eval":              {"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", new(*GlobalError), "builtins.eval"},
		"of Python 2":                {"c__builtin__\neval\n.", new(*GlobalError), "__builtin__.eval"},
		"a dotted name":              {"\x80\x04\x8c\x05torch\x8c\x11serialization.os.\x93.", new(*GlobalError), "torch.serialization.os."},
		"another name of a module":   {"ctorch\nload\n.", new(*GlobalError), "torch.load"},
		"another module of a name":   {"ccollections.abc\nOrderedDict\n.", new(*GlobalError), "collections.abc.OrderedDict"},
		"a name with a space":        {"ccollections \nOrderedDict\n.", new(*GlobalError), "collections .OrderedDict"},
		"an object of a class":       {"(ios\nsystem\n.", new(*GlobalError), "os.system"},
		"OBJ":                        {"(ctorch\nFloatStorage\no.", new(*OpcodeError), "0x6f"},
		"NEWOBJ":                     {"\x80\x02ctorch\nFloatStorage\n)\x81.", new(*OpcodeError), "0x81"},
		"NEWOBJ_EX":                  {"\x80\x04ctorch\nFloatStorage\n)}\x92.", new(*OpcodeError), "0x92"},
		"an extension":               {"\x80\x02\x82\x01.", new(*OpcodeError), "0x82"},
		"an ID as text":              {"Pos.system\n.", new(*OpcodeError), "0x50"},
		"a buffer outside":           {"\x80\x05\x97.", new(*OpcodeError), "0x97"},
		"a class that is only named": {"ctorch\nFloatStorage\n)R.", new(*CallError), "torch.FloatStorage"},
		"what a call returns":        {function + ")R)R.", new(*CallError), "what torch._utils._rebuild_tensor_v2 returns"},
		"a text":                     {"U\x09os.system)R.", new(*CallError), "a text"},
		"arguments of a list":        {function + "]R.", new(*CallError), "_rebuild_tensor_v2"},
		"the state of a call":        {function + ")R}b.", new(*StateError), "what torch._utils._rebuild_tensor_v2 returns"},
		"the state of a function":    {function + "}b.", new(*StateError), "_rebuild_tensor_v2"},
		"a state of a tuple":         {"}N}\x86b.", new(*StateError), "a dictionary to a tuple"},
		"a key of a call":            {function + ")RU\x01aNs.", nil, "it sets a key of what"},
		"an item of a tuple":         {")Na.", nil, "it appends to a tuple"},
		"a module that is not text":  {"\x80\x04NN\x93.", nil, "named by None and None"},
		"a key twice":                {"}(U\x01aK\x01U\x01aK\x02u.", new(*KeyError), `"a" occurs twice`},
		"a key twice, of Python 2":   {"ccollections\nOrderedDict\n](U\x01aN\x86U\x01aN\x86e\x85R.", new(*KeyError), `"a" occurs twice`},
		"pairs of one":               {"ccollections\nOrderedDict\n]N\x85a\x85R.", nil, "list of pairs"},
		"no pairs":                   {"ccollections\nOrderedDict\nK\x07\x85R.", nil, "list of pairs"},
		"an integer of 300 bytes":    {"\x8b\x2c\x01\x00\x00" + strings.Repeat("1", 300) + ".", nil, "at most 255"},
		"a key without a value":      {"}(U\x01au.", nil, "no pairs"},
		"a key that is long":         {"}" + long + "Ns.", new(*LongKeyError), "5000 bytes"},
		"a long key, of Python 2":    {"ccollections\nOrderedDict\n]" + long + "N\x86a\x85R.", new(*LongKeyError), "at most 4096"},
	} {
		_, err := Load([]byte(test.pickle), allowed())
		if err == nil || test.want != nil && !errors.As(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want a %T about %q", name, err, test.want, test.says)
		}
	}
}

// No pickle takes memory or time by what it claims.
func TestAPickleIsBounded(t *testing.T) {
	laughs := "](K\x01e" + strings.Repeat("q\x00](h\x00h\x00e", 100_000) // each a list of the one before, twice
	// A list of many pairs makes many dictionaries.
	pairs := "](" + strings.Repeat("NN\x86", 100_000) + "eq\x00(" + strings.Repeat("ccollections\nOrderedDict\nh\x00\x85R", 10_000) + "t."
	for name, test := range map[string]struct {
		pickle string
		want   error // nil: it is read
	}{
		"a text of 4 GB":         {"X\xff\xff\xff\xffabc", io.ErrUnexpectedEOF},
		"a text of 2^63 bytes":   {"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc", io.ErrUnexpectedEOF},
		"a text of 2^64-1 bytes": {"\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", io.ErrUnexpectedEOF},
		"an integer of 2 GB":     {"\x8b\xff\xff\xff\x7f", nil},
		"no end of the line":     {"cos", io.ErrUnexpectedEOF},
		"no end":                 {"N", io.ErrUnexpectedEOF},
		"nothing":                {"", io.ErrUnexpectedEOF},
		"only an end":            {".", errStack},
		"below the stack":        {"0.", errStack},
		"below a mark":           {"N(0.", errStack},
		"through a mark":         {"N(q\x00.", errStack},
		"a tuple below a mark":   {"N(\x85.", errStack},
		"no mark":                {"Nt.", errMark},
		"a mark too many":        {"(N.", errMark},
		"many values":            {strings.Repeat("N", maxValues+1) + ".", ErrTooMuch},
		"many marks":             {strings.Repeat("(", maxValues+1) + ".", ErrTooMuch},
		"a memo of everything":   {"N" + strings.Repeat("r\x00\x00\x00\xff", maxValues+1) + ".", ErrTooMuch},
		"a large memo":           {"N" + strings.Repeat("\x94", maxValues+1) + ".", ErrTooMuch},
		"pairs many times":       {pairs, ErrTooMuch},
		"frames":                 {strings.Repeat("\x95\x00\x00\x00\x00\x00\x00\x00\x80", 1<<20) + "N.", nil},
		"deep":                   {strings.Repeat("]", 400_000) + strings.Repeat("a", 400_000-1) + ".", nil},
		"a list of itself":       {"]q\x00h\x00ah\x00a.", nil},
		"a billion laughs":       {laughs + ".", nil},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		_, err := Load([]byte(test.pickle), allowed())
		runtime.ReadMemStats(&after)
		if test.want != nil && !errors.Is(err, test.want) || test.want == nil && err != nil && name != "an integer of 2 GB" {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s took %s", name, took)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<29 {
			t.Errorf("%s allocated %d MB", name, took>>20)
		}
	}
}

// A text that a pickle has once may be the key of any number of dictionaries: none hashes it.
func TestALongKeyIsNotHashed(t *testing.T) {
	const bytes, dictionaries = 4 << 20, 2000
	key := "X" + string(binary.LittleEndian.AppendUint32(nil, bytes)) + strings.Repeat("k", bytes)
	_, err := Load([]byte("("+key+"q\x00"+strings.Repeat("}h\x00Ns0", dictionaries)+"t."), allowed())
	if !errors.As(err, new(*LongKeyError)) {
		t.Error(err)
	}
}

// An error repeats the beginning of a stranger's text, and nothing that a terminal obeys.
func TestErrorsRepeatLittleOfAPickle(t *testing.T) {
	const escape = "\x1b[2J\x1b]0;owned\x07"
	name := escape + strings.Repeat("A", 1<<20)
	key := escape + strings.Repeat("A", 200) // no longer than a key may be
	short := "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(key)))) + key
	for what, pickle := range map[string]string{
		"a module":         "c" + name + "\nx\n.",
		"a function":       "cos\n" + name + "\n.",
		"a class":          "(ios\n" + name + "\n.",
		"a key twice":      "}(" + short + "N" + short + "Nu.",
		"a number":         "I" + name + "\n.",
		"a text is called": "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(name)))) + name + ")R.",
	} {
		_, err := Load([]byte(pickle), allowed())
		if err == nil {
			t.Errorf("%s is read", what)
			continue
		}
		if text := err.Error(); len(text) > 1000 || strings.ContainsAny(text, "\x1b\x07") {
			t.Errorf("%s: %d bytes, %.200q", what, len(text), text)
		}
	}
}

func FuzzPickle(f *testing.F) {
	for _, seed := range []string{
		"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x01\x00\x00\x00aq\x02ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04" +
			"ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQK\x00K\x02\x85K\x01\x85\x89h\x00)RtRu}X\x01\x00\x00\x00bNsb.",
		"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94K\x01\x8c\x01b](K\x01e\x94u.",
		"cos\nsystem\n(U\x02lstR.", "(ios\nsystem\n.", "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", "]q\x00h\x00a.",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Load(data, allowed())
		if err == nil && (p.Length < 1 || p.Length > len(data)) {
			t.Errorf("%d bytes of %d", p.Length, len(data))
		}
	})
}
