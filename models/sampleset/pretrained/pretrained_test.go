package pretrained

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

const maxSize = 3_000_000 // bytes: the file is in the repository and in every program

func TestTheDigestIsTheFiles(t *testing.T) {
	if got := sha256.Sum256([]byte(file)); hex.EncodeToString(got[:]) != SHA256() {
		t.Errorf("resnet50_conv3.sha256 has %s, and the file %x", SHA256(), got)
	}
	if size := Open().Size(); size > maxSize {
		t.Errorf("the file has %d bytes, and may have %d", size, maxSize)
	}
}
