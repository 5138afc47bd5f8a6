package server

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/serving/servingtest"
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

// A request on a connection that was accepted is answered, also when it arrives after the server was told to end.
func TestTheEndAnswersWhoIsConnected(t *testing.T) {
	config := testConfig()
	config.GRPC = false
	s, _ := startStub(t, config, servingtest.Stub{Size: 8})
	conn, err := net.Dial("tcp", s.httpListen.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for len(s.httpListen.(*cappedListener).free) == 0 { // until it is accepted
		time.Sleep(time.Millisecond)
	}
	s.stop()
	for open := true; open; time.Sleep(time.Millisecond) {
		other, err := net.Dial("tcp", s.httpListen.Addr().String())
		if open = err == nil; open {
			_ = other.Close()
		}
	}
	request, err := http.NewRequest(http.MethodPost, s.URL()+"v1/predict", bytes.NewReader(gray(t, 255)))
	if err != nil {
		t.Fatal(err)
	}
	if err := request.Write(conn); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("it gets %d", response.StatusCode)
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
