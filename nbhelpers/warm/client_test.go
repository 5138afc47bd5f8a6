package warm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// answering is a socket on which each connection's lines are answered by what reply returns for them.
func answering(t *testing.T, reply func(line string) string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "warm") // t.TempDir is too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := SocketPath(dir)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					answer := reply(line)
					if answer == "" {
						return // a server that dies
					}
					if _, err := conn.Write([]byte(answer)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return path
}

// TestAnswersThatAreWrong: whatever a server answers is an error, and the next call starts afresh.
func TestAnswersThatAreWrong(t *testing.T) {
	var mu sync.Mutex
	var answers []string
	path := answering(t, func(string) string {
		mu.Lock()
		defer mu.Unlock()
		answer := answers[0]
		answers = answers[1:]
		return answer
	})
	client := NewClient(path)
	defer client.Close()
	id := 0
	for _, wrong := range []string{"", "\n", "null\n", "[]\n", "{\"id\":99,\"result\":{}}\n", "torn\n", "\x00\xff\n", "{\"id\":%d,\"result\":7}\n", "{\"id\":%d,\"error\":\"read a.jpg: no such file\"}\n"} {
		id++
		mu.Lock()
		answers = []string{strings.ReplaceAll(wrong, "%d", fmt.Sprint(id)), fmt.Sprintf("{\"id\":%d,\"result\":{\"model\":\"pets\"}}\n", id+1)}
		mu.Unlock()
		var result PredictResult
		if err := client.Call(t.Context(), MethodPredict, PredictParams{}, &result); err == nil {
			t.Errorf("%q gave no error", wrong)
		}
		id++
		if err := client.Call(t.Context(), MethodPredict, PredictParams{}, &result); err != nil || result.Model != "pets" {
			t.Errorf("the call after %q: %v, %v", wrong, result, err)
		}
	}
	var failed *ServerError
	mu.Lock()
	answers = []string{fmt.Sprintf("{\"id\":%d,\"error\":\"why\"}\n", id+1)}
	mu.Unlock()
	if err := client.Call(t.Context(), MethodModels, nil, nil); !errors.As(err, &failed) || failed.Message != "why" {
		t.Errorf("the server's error arrived as %v", err)
	}
}

func TestServerThatDoesNotAnswer(t *testing.T) {
	release := make(chan bool)
	defer close(release)
	client := NewClient(answering(t, func(string) string { <-release; return "" }))
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := client.Call(ctx, MethodModels, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestNoServerSaysWhatStartsIt(t *testing.T) {
	err := NewClient(filepath.Join(t.TempDir(), "no.sock")).Call(t.Context(), MethodModels, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "no.sock") || !strings.Contains(err.Error(), "%model") {
		t.Errorf("got %v", err)
	}
}

func TestParamsThatJSONLacks(t *testing.T) {
	client := NewClient(answering(t, func(string) string { return "{\"id\":1}\n" }))
	defer client.Close()
	if err := client.Call(t.Context(), MethodPut, make(chan int), nil); err == nil {
		t.Error("a channel was sent")
	}
}
