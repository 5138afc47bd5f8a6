package program

import (
	"go/importer"
	"testing"
)

func TestTypesWithoutNames(t *testing.T) {
	source := sourceOf(importer.Default(), "package main\n\nimport (\n\t\"image\"\n\tout \"os\"\n)\n\ntype photo struct{}\n\nvar value image.Point\n\nfunc main() { _ = out.Args }\n")
	r := &rewriting{source: source}
	if !r.parse() {
		t.Fatal("no Go")
	}
	if err := r.check(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"struct { a int }":                                           "struct { a int }",
		"struct { a main.photo; B []*main.photo }":                   "struct { a photo; B []*photo }",
		"func(image.Point, *os.File) map[string]main.photo":          "func(image.Point, *out.File) map[string]photo",
		"struct { a main.value }":                                    "",
		"struct { a main.gone }":                                     "",
		"struct { a url.URL }":                                       "",
		"interface { Read([]uint8) (int, error) }":                   "interface { Read([]uint8) (int, error) }",
		"struct { a int":                                             "",
		"struct { a int \"json:\\\"main.photo\\\"\"; b main.photo }": "struct { a int \"json:\\\"main.photo\\\"\"; b photo }",
	} {
		got, ok := r.mention(text, true)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%s became %q, want %q", text, got, want)
		}
	}
}
