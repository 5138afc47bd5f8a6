package tests

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"
)

// publish writes the notebooks that TestNotebooks has run, so that they can be read where nothing runs:
//
//	go test ./tests -run TestNotebooks -publish
var publish = flag.Bool("publish", false, "write the executed notebooks back, made light")

// mostBytes is how large a notebook of the repository may be.
const mostBytes = 600_000

// An ipynb is a notebook as the file has it.
type ipynb struct {
	Cells    []map[string]any `json:"cells"`
	Metadata map[string]any   `json:"metadata"`
	Format   int              `json:"nbformat"`
	Minor    int              `json:"nbformat_minor"`
}

func readNotebook(t *testing.T, file string) (nb ipynb, size int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &nb); err != nil {
		t.Fatal(err)
	}
	return nb, len(data)
}

// outputs calls visit with every output of a notebook, and its cell.
func (nb ipynb) outputs(visit func(cell, output map[string]any)) {
	for _, cell := range nb.Cells {
		list, _ := cell["outputs"].([]any)
		for _, output := range list {
			visit(cell, output.(map[string]any))
		}
	}
}

// publishNotebook writes an executed notebook with what a page without scripts shows: the HTML of tables, PNG at single
// resolution, text.
func publishNotebook(t *testing.T, executed, file string) {
	t.Helper()
	nb, _ := readNotebook(t, executed)
	for _, cell := range nb.Cells {
		if metadata, ok := cell["metadata"].(map[string]any); ok {
			delete(metadata, "execution") // when it ran
		}
	}
	nb.outputs(func(_, output map[string]any) {
		data, ok := output["data"].(map[string]any)
		if !ok {
			return
		}
		markup, found := data["text/html"]
		gallery := strings.Contains(fmt.Sprint(markup), "<img ") // whose images take more bytes than the PNG of them all
		maps.DeleteFunc(data, func(mime string, _ any) bool {
			return mime != "text/plain" && (mime != "text/html" || gallery) && (mime != "image/png" || found && !gallery)
		})
		if encoded, ok := data["image/png"].(string); ok {
			delete(data, "image/png")
			mime, light := lighter(t, encoded)
			data[mime] = light
		} else {
			output["metadata"] = map[string]any{}
		}
	})
	nb.dropWritten()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(nb); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// dropWritten removes what GoNB says about a cell with %%writefile: it is no warning, and yet on standard error, which pages show in red.
func (nb ipynb) dropWritten() {
	for _, cell := range nb.Cells {
		list, ok := cell["outputs"].([]any)
		if !ok {
			continue
		}
		cell["outputs"] = slices.DeleteFunc(list, func(output any) bool {
			fields, _ := output.(map[string]any)
			return fields["name"] == "stderr" && strings.Contains(fmt.Sprint(fields["text"]), "Cell contents written to ")
		})
	}
}

// mostPNG is how many bytes a chart has at the most; what has more shows photographs or drawings.
const mostPNG = 28_000

// lighter is an image in base64 at half its size, with its MIME type: a PNG in its own colors, or a JPEG where that has many bytes. A
// PNG that has no palette is left as it is.
func lighter(t *testing.T, encoded string) (mime, light string) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	full, ok := img.(*image.Paletted)
	if !ok {
		return "image/png", encoded
	}
	rect := image.Rect(0, 0, full.Rect.Dx()/2, full.Rect.Dy()/2)
	half := image.NewRGBA(rect)
	draw.ApproxBiLinear.Scale(half, rect, full, full.Rect, draw.Src, nil)
	result := image.NewPaletted(rect, full.Palette)
	draw.Draw(result, rect, half, image.Point{}, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, result); err != nil {
		t.Fatal(err)
	}
	if out.Len() <= mostPNG {
		return "image/png", base64.StdEncoding.EncodeToString(out.Bytes())
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, half, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	if photo.Len() > out.Len() {
		return "image/png", base64.StdEncoding.EncodeToString(out.Bytes())
	}
	return "image/jpeg", base64.StdEncoding.EncodeToString(photo.Bytes())
}

// warns says whether a cell's warning is what its lesson is about.
func warns(cell map[string]any) bool {
	metadata, _ := cell["metadata"].(map[string]any)
	tags, _ := metadata["tags"].([]any)
	return slices.Contains(tags, any("warns"))
}

// TestNotebooksReadWithoutRunning holds the files of the repository to what a page without scripts can show.
func TestNotebooksReadWithoutRunning(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "notebooks", "*.ipynb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found no notebooks: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			nb, size := readNotebook(t, file)
			if size > mostBytes {
				t.Errorf("it has %d bytes, more than %d", size, mostBytes)
			}
			shown := 0
			nb.outputs(func(cell, output map[string]any) {
				shown++
				if output["output_type"] == "error" || output["name"] == "stderr" && !warns(cell) {
					t.Errorf("a cell failed or complained: %v", output)
				}
				data, _ := output["data"].(map[string]any)
				for mime := range data {
					if mime != "image/png" && mime != "image/jpeg" && mime != "text/plain" && mime != "text/html" {
						t.Errorf("an output is %s, which no such page shows", mime)
					}
				}
				if text := fmt.Sprint(output); strings.Contains(text, "/home/") || strings.Contains(text, "/root/") {
					t.Errorf("an output names a folder of somebody's: %.300s", text)
				}
			})
			if shown == 0 {
				t.Error("no cell shows anything: go test ./tests -run TestNotebooks -publish")
			}
		})
	}
}
