package server

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/servingtest"
)

func gray(t *testing.T, level uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 200))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: level}), image.Point{}, draw.Src)
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// hostileBodies are images that are made to break a decoder, where they are at hand, and others.
func hostileBodies(t *testing.T) [][]byte {
	t.Helper()
	list := [][]byte{[]byte("no image"), gray(t, 255)[:40], pngBomb(4096)}
	err := filepath.WalkDir(filepath.Join(os.Getenv("HEADSTART_SHARED"), "data", "hostile-images"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // they are not here
		}
		data, err := os.ReadFile(path)
		if err == nil && len(data) < 64<<10 && len(list) < 60 {
			list = append(list, data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Among connections that are cut and hostile images every image gets the answer that is its own, and nothing is left behind.
// scripts/servesoak.py does it with 100,000 requests.
func TestFaultsLoseNothing(t *testing.T) {
	sources, err := servingtest.Sources(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config := testConfig()
	config.GRPC = false
	s, err := New(config, sources, servingtest.Stub{Size: 8}.Open, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	images := map[string][]byte{"light": gray(t, 255), "dark": gray(t, 0)}
	hostileOnes, before := hostileBodies(t), runtime.NumGoroutine()
	var answered, cut atomic.Int32
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 40 {
				class := []string{"light", "dark"}[(worker+i)%2]
				code, _, text := post(t, client, s.URL()+"v1/predict?top=1", "image/png", images[class])
				got := decode[struct{ Predictions []prediction.Prediction }](t, text)
				if code != http.StatusOK || len(got.Predictions) != 1 || got.Predictions[0].Class() != class {
					t.Errorf("%s: %d: %s", class, code, text)
					continue
				}
				answered.Add(1)
			}
		})
	}
	wait.Go(func() {
		for i, body := range hostileOnes {
			if code, _, text := post(t, client, s.URL()+"v1/predict", "image/png", body); code != http.StatusOK && code != http.StatusBadRequest {
				t.Errorf("hostile image %d: %d: %s", i, code, text)
			}
		}
	})
	wait.Go(func() {
		whole := fmt.Sprintf("POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(images["light"]), images["light"])
		for i := range 200 {
			conn, err := net.Dial("tcp", s.httpListen.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, whole[:len(whole)*i/199]) // the server may have closed it already
			_ = conn.Close()
			cut.Add(1)
		}
	})
	wait.Wait()
	client.CloseIdleConnections()
	if answered.Load() != 320 || cut.Load() != 200 {
		t.Errorf("%d of 320 are answered, %d of 200 connections were cut", answered.Load(), cut.Load())
	}
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%d goroutines are left of %d requests", runtime.NumGoroutine()-before, 320)
			break
		}
	}
	if free := len(s.httpListen.(*cappedListener).free); free != 0 {
		t.Errorf("%d connections are held", free)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
