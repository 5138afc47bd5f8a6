package server

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Requests that have begun when the server is told to end are answered; it is not ready meanwhile, and frees everything.
func testTheEnd(t *testing.T, m *trained) {
	config := testConfig()
	config.Drain, config.Batch, config.Delay = 300*time.Millisecond, 16, 200*time.Millisecond // the images wait for their batch
	s, stop := m.start(t, config, nil)
	var wait sync.WaitGroup
	begun := make(chan struct{}, 20)
	for range 20 {
		wait.Go(func() {
			body := &signaling{data: m.images[0], read: begun}
			response, err := http.Post(s.URL()+"v1/predict", "image/png", body)
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("%d: %v", response.StatusCode, err)
			}
		})
	}
	for range 20 {
		<-begun
	}
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for {
		response, err := http.Get(s.URL() + "v2/health/ready")
		if err != nil {
			t.Fatalf("the server does not say that it is not ready: %v", err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	wait.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the server still answers")
	}
}

// signaling is a body that says when it was read.
type signaling struct {
	data []byte
	read chan<- struct{}
}

func (s *signaling) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data)
	if s.data = s.data[n:]; len(s.data) == 0 {
		s.read <- struct{}{}
	}
	return n, nil
}
