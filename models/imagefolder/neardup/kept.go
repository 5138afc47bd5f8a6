package neardup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/safefile"
)

// keptVersion goes up when the same images may have other clusters.
const keptVersion = 2

// mostKept bounds what is read, in bytes; 100,000 images take 400 kB.
const mostKept = 1 << 30

// FindKept is Find with its result in a file: for the same images in the same order it is read from there. A file that is missing, damaged
// or of other images is written again. The clusters are valid also where there is an error, which is that of writing.
func FindKept(file string, contents []digest.Sum, prints []Fingerprint, nearBits int) (Clusters, error) {
	input := inputDigest(contents, prints, nearBits)
	if found, ok := read(file, input, len(contents)); ok {
		return found.clusters(), nil
	}
	found := find(contents, prints, nearBits)
	return found.clusters(), found.write(file, input)
}

// inputDigest is of all that the result depends on.
func inputDigest(contents []digest.Sum, prints []Fingerprint, nearBits int) [sha256.Size]byte {
	h := sha256.New()
	put(h, keptVersion, nearBits, DefaultBits, maxColorDistance, maxPlainDistance, len(contents))
	var packed [4 * 8]byte
	for i, content := range contents {
		_, _ = h.Write(content[:]) // a hash takes all
		for w, word := range prints[i].Bits {
			binary.LittleEndian.PutUint64(packed[8*w:], word)
		}
		_, _ = h.Write(packed[:])
		_, _ = h.Write(prints[i].Colors[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func put(h hash.Hash, numbers ...int) {
	var packed [8]byte
	for _, n := range numbers {
		binary.LittleEndian.PutUint64(packed[:], uint64(n))
		_, _ = h.Write(packed[:])
	}
}

// A kept file is the digest of the input, the leader of each image, both images of each pair, and the SHA-256 of all that. Numbers are
// 4 bytes, the lowest first.

func (p pairs) write(file string, input [sha256.Size]byte) error {
	out := input[:]
	for _, leader := range p.leader {
		out = binary.LittleEndian.AppendUint32(out, uint32(leader))
	}
	for _, pair := range p.across {
		out = binary.LittleEndian.AppendUint32(out, uint32(pair[0]))
		out = binary.LittleEndian.AppendUint32(out, uint32(pair[1]))
	}
	sum := sha256.Sum256(out)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(file, append(out, sum[:]...))
}

// read returns what a file keeps; false unless it is whole, and of the input.
func read(file string, input [sha256.Size]byte, items int) (p pairs, ok bool) {
	data, err := safefile.ReadFile(file, mostKept)
	if err != nil || len(data) < 2*sha256.Size+4*items || !bytes.HasPrefix(data, input[:]) {
		return pairs{}, false
	}
	body, end := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], end) {
		return pairs{}, false
	}
	numbers := body[sha256.Size:]
	if len(numbers)%4 != 0 || (len(numbers)/4-items)%2 != 0 {
		return pairs{}, false
	}
	next := func() int {
		n := binary.LittleEndian.Uint32(numbers)
		numbers = numbers[4:]
		if int64(n) >= int64(items) {
			return -1
		}
		return int(n)
	}
	p.leader = make([]int32, items)
	for i := range p.leader {
		leader := next()
		if leader < 0 {
			return pairs{}, false
		}
		p.leader[i] = int32(leader)
	}
	for len(numbers) > 0 {
		pair := [2]int{next(), next()}
		if min(pair[0], pair[1]) < 0 {
			return pairs{}, false
		}
		p.across = append(p.across, pair)
	}
	return p, true
}
