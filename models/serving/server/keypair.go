package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A keyPair is a certificate with its key, read again when its files change: certificates are renewed while servers run.
type keyPair struct {
	certFile, keyFile string
	interval          time.Duration // between looks at the files; 0: never
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   string // the files' state when they were last read, whatever came of it
	looked time.Time
}

func readKeyPair(certFile, keyFile string, interval time.Duration, log *slog.Logger) (*keyPair, error) {
	k := &keyPair{certFile: certFile, keyFile: keyFile, interval: interval, log: log, looked: time.Now()}
	k.seen = k.state()
	return k, k.read()
}

// get gives the certificate to a handshake. Files that have changed and cannot be read leave the one before: the certificate may be there
// already, and its key not yet.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.interval == 0 || time.Since(k.looked) < k.interval {
		return k.pair, nil
	}
	k.looked = time.Now()
	if now := k.state(); now != k.seen {
		k.seen = now
		if err := k.read(); err != nil {
			k.log.Error("the certificate has changed and cannot be loaded; the one before is used", "error", err)
		} else {
			k.log.Info("certificate loaded", "file", k.certFile)
		}
	}
	return k.pair, nil
}

func (k *keyPair) read() error {
	pair, err := tls.LoadX509KeyPair(k.certFile, k.keyFile)
	if err != nil {
		return fmt.Errorf("read the certificate %s with the key %s: %w", k.certFile, k.keyFile, err)
	}
	k.pair = &pair
	return nil
}

// state tells whether the files have changed: sizes, times and inodes. It follows links, as Kubernetes mounts secrets.
func (k *keyPair) state() string {
	var text strings.Builder
	for _, file := range []string{k.certFile, k.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			text.WriteString("missing\n")
			continue
		}
		fmt.Fprintf(&text, "%d %d", info.Size(), info.ModTime().UnixNano())
		if stat, ok := info.Sys().(*syscall.Stat_t); ok { // a file that takes another's place within a tick of the clock has another inode
			fmt.Fprintf(&text, " %d", stat.Ino)
		}
		text.WriteByte('\n')
	}
	return text.String()
}
