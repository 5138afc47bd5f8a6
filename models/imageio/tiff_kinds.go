package imageio

import "errors"

// invertedFax says whether x/image/tiff gets black and white wrong: it shows the white runs of a fax as white even where the
// file says that 0, which they stand for, is black. As a report for golang.org/x/image/tiff (v0.47.0):
//
//	What is wrong: images in CCITT Group 3 or 4 (Compression 3, 4) with PhotometricInterpretation 1 (BlackIsZero) are decoded
//	inverted. The tag makes no difference: reader.go passes Options.Invert to x/image/ccitt where it is 0 (WhiteIsZero), so that
//	black runs are 1 there and 0 otherwise, and then inverts the samples of WhiteIsZero, as for any compression. The two cancel
//	out for 0, and for 1 neither happens, so that white runs are 1, which BlackIsZero shows as white.
//	What is right: TIFF 6.0, section 11: with WhiteIsZero white runs are white and black runs black; with BlackIsZero it is the
//	reverse. libtiff, and Pillow with it, give white runs as 0 bits for either value and interpret these by the tag.
//	To reproduce: take a file of compression group3 or group4, and change the value of tag 262 from 0 to 1. By libtiff the image
//	is now the negative; by x/image/tiff it stays the same. (testdata/golden/group3-0.tiff and group3-1.tiff are such files.)
//	A repair: always pass Invert: true, for the samples of a fax are 0 for white before the tag is applied.
func (t *tiffFile) invertedFax() bool {
	c := t.first(tagCompression, tiffNone)
	return (c == tiffG3 || c == tiffG4) && t.first(tagPhotometric, 0) == photoBlackIsZero
}

// ours says whether x/image/tiff cannot read the file, or would read it wrong.
func (t *tiffFile) ours() bool {
	photometric, compression := t.first(tagPhotometric, 0), t.first(tagCompression, tiffNone)
	return compression == tiffJPEG || compression == tiffOldJPEG || compression == tiffCCITT || photometric >= photoCMYK ||
		t.first(tagSampleFormat, 1) != 1 || t.first(tagPlanar, 1) == 2 && t.first(tagSamples, 1) > 1 ||
		photometric == photoRGB && t.samples() > 3 && (t.alpha() == 0 || t.samples() > 4) || t.unusualFax() || t.reversedBits()
}

// unusualFax says whether a Group 3 fax has an option: two-dimensional coding, uncompressed parts or padded lines.
func (t *tiffFile) unusualFax() bool {
	return t.first(tagCompression, tiffNone) == tiffG3 && t.first(tagT4Options, 0) != 0
}

// reversedBits says whether the first pixel is in the lowest bit. x/image/tiff knows that of faxes only; JPEGs have no such order.
func (t *tiffFile) reversedBits() bool {
	c := t.first(tagCompression, tiffNone)
	return t.first(tagFillOrder, 1) == 2 && c != tiffG3 && c != tiffG4 && c != tiffJPEG
}

// alpha is the kind of the fourth sample of RGB; 0 where it is not alpha.
func (t *tiffFile) alpha() uint32 {
	if extra := t.first(tagExtraSamples, 0); extra == premultipliedAlpha || extra == straightAlpha {
		return extra
	}
	return 0
}

// check refuses what is not decoded here either.
func (t *tiffFile) check() error {
	photometric, compression := t.first(tagPhotometric, 0), t.first(tagCompression, tiffNone)
	switch {
	case t.unusualFax():
		return unsupported("with an option of Group 3 faxes")
	case t.reversedBits():
		return unsupported("with the bits of its bytes in reverse order")
	}
	switch compression {
	case tiffNone, tiffLZW, tiffJPEG, tiffDeflate, tiffPackBits, tiffOldDeflate:
	default:
		return unsupported("with a rare compression")
	}
	switch {
	case t.first(tagSampleFormat, 1) == 3:
		return unsupported("with floating-point samples, whose range only its maker knows")
	case t.first(tagSampleFormat, 1) != 1:
		return unsupported("with signed samples")
	case photometric == 8 || photometric == 9 || photometric == 10:
		return unsupported("in Lab colors")
	case photometric == photoYCbCr && compression != tiffJPEG:
		return unsupported("in YCbCr colors without JPEG")
	case photometric > photoYCbCr:
		return unsupported("in special colors")
	}
	for _, bits := range t.entries[tagBits] {
		if bits != 8 {
			return unsupported("with samples of another size than 8 bits in CMYK or in planes")
		}
	}
	want := map[uint32]int{photoWhiteIsZero: 1, photoBlackIsZero: 1, photoRGB: 3, photoCMYK: 4, photoYCbCr: 3}[photometric]
	switch {
	case want == 0 || t.samples() < want:
		return errTIFF
	case t.samples() > want && (compression == tiffJPEG || want == 1):
		return unsupported("with samples beside those of its colors")
	}
	if t.first(tagPlanar, 1) == 2 && (t.first(tagPredictor, 1) > 2 || compression == tiffJPEG) {
		return unsupported("with JPEGs in planes")
	}
	if t.first(tagPredictor, 1) > 2 {
		return unsupported("with a predictor for floating-point samples")
	}
	return nil
}

var errOverlap = errors.New("its strips or tiles overlap")

// bounded refuses a directory whose strips or tiles are the same bytes many times over, or are more than an image is cut into. Each is
// unpacked from its beginning, and compressed data may be long and hold a pixel, so that a file of a megabyte could keep a decoder
// busy for hours.
func (t *tiffFile) bounded() error {
	const (
		mostBlocks = 1 << 18  // a strip for each row of the largest side, in four planes; tiles of 16 x 16 in four planes for more pixels
		slack      = 64 << 20 // bytes, which are unpacked in a fraction of a second: some writers give too large a length
		times      = 8        // as often may a byte of a large file be read
	)
	for _, of := range [][2]int{{tagStripOffsets, tagStripCounts}, {tagTileOffsets, tagTileByteCounts}} {
		offsets, counts := t.entries[of[0]], t.entries[of[1]]
		if len(offsets) > max(mostBlocks, t.width*t.height/64) {
			return errTIFF
		}
		left := times*int64(len(t.data)) + slack
		for i := range min(len(offsets), len(counts)) {
			left -= min(int64(counts[i]), max(0, int64(len(t.data))-int64(offsets[i])))
		}
		if left < 0 {
			return errOverlap
		}
	}
	return nil
}
