package digest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A Sum is a SHA-256. As text and in JSON it is in hexadecimal; the zero Sum, which stands for none, is the empty text.
type Sum [sha256.Size]byte

// Of is the SHA-256 of bytes.
func Of(data []byte) Sum { return sha256.Sum256(data) }

// Parse reads a SHA-256 in hexadecimal, in small letters as String writes it.
func Parse(text string) (Sum, error) {
	var s Sum
	err := s.UnmarshalText([]byte(text))
	return s, err
}

func (s Sum) String() string {
	text, _ := s.AppendText(nil) // never fails
	return string(text)
}

// AppendText appends String.
func (s Sum) AppendText(to []byte) ([]byte, error) {
	if s == (Sum{}) {
		return to, nil
	}
	return hex.AppendEncode(to, s[:]), nil
}

// MarshalText is String, for JSON.
func (s Sum) MarshalText() ([]byte, error) { return s.AppendText(nil) }

// UnmarshalText reads what MarshalText writes.
func (s *Sum) UnmarshalText(text []byte) error {
	var read Sum
	if len(text) > 0 {
		if n, err := hex.Decode(read[:], text[:min(len(text), 2*len(read))]); err != nil || n != len(read) || len(text) != 2*n {
			return fmt.Errorf("read a SHA-256: %.80q is not 64 hexadecimal digits", text)
		}
	}
	if !bytes.Equal(hex.AppendEncode(nil, read[:])[:len(text)], text) {
		return fmt.Errorf("read a SHA-256: %.80q has capital letters", text)
	}
	*s = read
	return nil
}

// Compare orders sums as their texts.
func (s Sum) Compare(other Sum) int { return bytes.Compare(s[:], other[:]) }
