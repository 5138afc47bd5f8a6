package debug

import (
	"encoding/binary"
	"path/filepath"
	"strconv"
)

// What front ends make the name of a cell's file with: they get it by debugInfo.
const (
	hashMethod = "Murmur2"
	hashSeed   = 0xc70f6907
	fileSuffix = ".go"
)

// murmur2 is MurmurHash2 of 32 bits, by Austin Appleby.
func murmur2(data []byte, seed uint32) uint32 {
	const m = 0x5bd1e995
	h := seed ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

// fileOf is the name that stands for a cell with that text.
func fileOf(folder, code string) string {
	return filepath.Join(folder, strconv.FormatUint(uint64(murmur2([]byte(code), hashSeed)), 10)+fileSuffix)
}
