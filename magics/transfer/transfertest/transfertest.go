// Package transfertest runs cells of the transfer magics in tests.
package transfertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/lab"
)

// A Session is what a kernel's transfer plugin holds, on the backend that needs no plugin of XLA.
type Session struct {
	*transfer.Presenter
	Home string // state folder
}

// New begins a session in a temporary working folder, with an empty state folder. In the folder photos there are 12 images of
// each of the classes red and blue.
func New(t *testing.T) *Session {
	t.Helper()
	t.Chdir(t.TempDir())
	WriteClasses(t, "photos", 12)
	return Open(t, t.TempDir())
}

// Open begins a session with the state folder of another, as a kernel does that was restarted.
func Open(t *testing.T, home string) *Session {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s := &Session{Presenter: transfer.New(lab.New(home, accel.Options{Device: "go"}, log), log), Home: home}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// WriteClasses writes images of 8 x 8 pixels of the classes red and blue, the same ones each time.
func WriteClasses(t *testing.T, dir string, perClass int) {
	t.Helper()
	chance := rand.New(rand.NewPCG(42, 42))
	for class, tint := range []color.RGBA{{255, 30, 30, 255}, {30, 30, 255, 255}} {
		folder := filepath.Join(dir, []string{"red", "blue"}[class])
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range perClass {
			img := image.NewRGBA(image.Rect(0, 0, 8, 8))
			for at := range 64 {
				bright := chance.Float64()
				img.SetRGBA(at%8, at/8, color.RGBA{
					uint8(float64(tint.R) * bright), uint8(float64(tint.G) * bright), uint8(float64(tint.B) * bright), 255,
				})
			}
			WritePNG(t, filepath.Join(folder, fmt.Sprintf("%d.png", i)), img)
		}
	}
}

// WritePNG writes an image.
func WritePNG(t *testing.T, path string, img image.Image) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(file, img), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// Call runs a line that is one magic.
func (s *Session) Call(ctx context.Context, host *magictest.Host, line string) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(line, "%"), " ")
	list := s.Magics()
	i := slices.IndexFunc(list, func(m magics.Magic) bool { return m.Name() == name })
	if i < 0 {
		return fmt.Errorf("run %s: there is no such magic", line)
	}
	return host.Run(ctx, list[i], line)
}

// Must runs lines that have to succeed, and returns what the last one showed.
func (s *Session) Must(t *testing.T, lines ...string) *magictest.Host {
	t.Helper()
	var host *magictest.Host
	for _, line := range lines {
		host = &magictest.Host{}
		if err := s.Call(t.Context(), host, line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return host
}

// Ask asks what a panel of the notebook extension asks by a magic.
func Ask[R any](t *testing.T, s *Session, magic, request string) (answer R, err error) {
	t.Helper()
	for _, m := range s.Magics() {
		responder, ok := m.(magics.Responder)
		if m.Name() != magic || !ok {
			continue
		}
		raw, err := responder.Respond(t.Context(), json.RawMessage(request))
		if err != nil {
			return answer, err
		}
		return answer, json.Unmarshal(raw, &answer)
	}
	t.Fatalf("%%%s answers no panel", magic)
	return answer, nil
}
