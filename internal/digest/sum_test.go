package digest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSumIsHexadecimalInJSON(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	type record struct{ SHA256, None Sum }
	text, err := json.Marshal(record{SHA256: Of([]byte("abc"))})
	if want := `{"SHA256":"` + abc + `","None":""}`; err != nil || string(text) != want {
		t.Fatalf("%s, %v", text, err)
	}
	var read record
	if err := json.Unmarshal(text, &read); err != nil || read.SHA256.String() != abc || read.None != (Sum{}) || read.None.String() != "" {
		t.Errorf("%v, %v", read, err)
	}
	for _, bad := range []string{"00", abc[1:], abc + "00", strings.ToUpper(abc), strings.Repeat("g", 64)} {
		if s, err := Parse(bad); err == nil || s != (Sum{}) {
			t.Errorf("%q was read as %v", bad, s)
		}
	}
}
