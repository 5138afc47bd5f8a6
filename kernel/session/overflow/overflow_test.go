package overflow

import (
	"os"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	o := Text{Folder: t.TempDir(), Count: 7}
	if shown := o.Take("first "); shown != "first " || o.End() != "" {
		t.Errorf("%q, %q", shown, o.End())
	}
	text := strings.Repeat("é\n", maxShown/3) + "last"
	shown := "first " + o.Take(text)
	if len(shown) > maxShown || !strings.HasSuffix(shown, "é\n") && !strings.HasSuffix(shown, "é") {
		t.Errorf("%d bytes, which end in %q", len(shown), shown[len(shown)-3:])
	}
	if more := o.Take("x"); more != "" {
		t.Errorf("%q is shown after the limit", more)
	}
	end := o.End()
	if !strings.HasSuffix(end, "lastx") || !strings.Contains(end, "cell-7.txt until the kernel ends") {
		t.Errorf("the end is %q", end[max(0, len(end)-200):])
	}
	rest, err := os.ReadFile(o.file.Name())
	if err != nil || shown+string(rest) != "first "+text+"x" {
		t.Errorf("%d bytes shown, %d in the file, %v", len(shown), len(rest), err)
	}
}

// What is shown too late is kept before what was kept at once: the file has the text as it was printed.
func TestTextThatCameTooFastPrecedesTheRest(t *testing.T) {
	for name, kept := range map[string]string{
		"nothing": "", "a little": "b", "more than is moved at once": strings.Repeat("0123456789\n", 250_000),
	} {
		t.Run(name, func(t *testing.T) {
			o := Text{Folder: t.TempDir(), Count: 1}
			shown := o.Take(strings.Repeat("a", maxShown) + kept)
			o.TooFast(shown[10:])
			o.Take("THE END")
			end := o.End()
			if !strings.HasSuffix(end, (shown + kept + "THE END")[len(shown)+len(kept)-100:]) || !strings.Contains(end, "less where text comes faster") {
				t.Errorf("the end is %q", end[max(0, len(end)-300):])
			}
			rest, err := os.ReadFile(o.file.Name())
			if err != nil || shown[:10]+string(rest) != shown+kept+"THE END" {
				t.Errorf("%d bytes in the file, %v", len(rest), err)
			}
		})
	}
}

// A cell that clears its output shows as much again, until text was kept: what follows that would have a gap before it.
func TestClear(t *testing.T) {
	o := Text{Count: 1}
	for range 3 {
		if shown := o.Take(strings.Repeat("a", maxShown)); len(shown) != maxShown {
			t.Fatalf("%d bytes are shown", len(shown))
		}
		o.Clear()
	}
	o.Take(strings.Repeat("a", maxShown+1))
	o.Clear()
	if shown := o.Take("b"); shown != "" {
		t.Errorf("%q is shown after text that was kept", shown)
	}
}

// What has no number has a file for itself.
func TestFilesWithoutANumber(t *testing.T) {
	folder := t.TempDir()
	texts := []*Text{{Folder: folder, Count: 1}, {Folder: folder}, {Folder: folder}}
	for i, o := range texts {
		o.Take(strings.Repeat("x", maxShown) + string(rune('a'+i)))
		o.End()
	}
	for i, o := range texts {
		if got, err := os.ReadFile(o.file.Name()); err != nil || string(got) != string(rune('a'+i)) {
			t.Errorf("%s has %q, %v", o.file.Name(), got, err)
		}
	}
}

// Without a folder the text is lost, and the cell says so.
func TestTextWithoutAFolder(t *testing.T) {
	var o Text
	o.Take(strings.Repeat("x", maxShown+5))
	if end := o.End(); !strings.Contains(end, "5 bytes more were printed, and they are lost") {
		t.Errorf("the end is %q", end)
	}
}
