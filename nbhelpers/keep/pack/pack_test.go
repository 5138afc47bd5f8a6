package pack

import (
	"bytes"
	"strings"
	"testing"
)

func TestParserReadsWhatBufferWrote(t *testing.T) {
	b := Buffer{Limit: 1 << 20}
	b.Number(1<<63 + 5)
	b.Count(300)
	b.Text("name")
	b.Bytes([]byte{1, 2})
	p := Parser{Data: b.Data}
	if n := p.Number(); n != 1<<63+5 {
		t.Errorf("number %d", n)
	}
	if n := p.Size(); n != 300 {
		t.Errorf("size %d", n)
	}
	if text, raw := p.Text(), p.Bytes(2); text != "name" || !bytes.Equal(raw, []byte{1, 2}) {
		t.Errorf("%q, %v", text, raw)
	}
	p.End()
}

// failure is the error that a read ends with.
func failure(read func()) (err error) {
	defer Catch(&err)
	read()
	return nil
}

func TestParserRefusesWhatDoesNotFit(t *testing.T) {
	parser := func(data ...byte) *Parser { return &Parser{Data: data} }
	for name, read := range map[string]func(){
		"number that is cut":     func() { parser(0x80).Number() },
		"number beyond 64 bits":  func() { parser(bytes.Repeat([]byte{0xff}, 11)...).Number() },
		"size of an exabyte":     func() { parser(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f).Size() },
		"more things than bytes": func() { parser(3, 1, 1).Count() },
		"index at the end":       func() { parser(2).Index(2) },
		"text that is cut":       func() { parser(4, 'a', 'b').Text() },
		"bytes that are cut":     func() { parser(1).Bytes(2) },
		"bytes left":             func() { parser(1).End() },
		"another version":        func() { Begin(parser(bytes.Repeat([]byte{'x'}, 40)...), "magic") },
	} {
		if err := failure(read); err == nil || strings.Contains(err.Error(), "runtime error") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := failure(func() { (&Buffer{Data: make([]byte, 3), Limit: 2}).Bounded() }); err == nil {
		t.Error("a buffer beyond its limit is accepted")
	}
}
