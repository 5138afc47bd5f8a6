// Package exif finds the EXIF orientation of an encoded image.
package exif

import (
	"bytes"
	"encoding/binary"
)

// Orientation finds the EXIF orientation (1 to 8) of a file of a format, named as in imageio.Header. It is 1 where the file gives no
// orientation that makes sense. A single tag is read, so that hostile metadata elsewhere cannot hurt.
func Orientation(format string, data []byte) int {
	switch format {
	case "jpeg":
		return tiffOrientation(jpegExif(data))
	case "png":
		return tiffOrientation(pngExif(data))
	case "webp":
		return tiffOrientation(webpExif(data))
	case "tiff":
		return tiffOrientation(data)
	}
	return 1
}

var exifPrefix = []byte("Exif\x00\x00")

// jpegExif returns the TIFF block in the first EXIF segment before the image data.
func jpegExif(data []byte) []byte {
	for at := 2; at+4 <= len(data); {
		if data[at] != 0xff {
			return nil
		}
		marker := data[at+1]
		if marker == 0xff { // fill byte
			at++
			continue
		}
		if marker == 0xda || marker == 0xd9 { // start of scan, end of image
			return nil
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 { // no length follows
			at += 2
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end < at+4 || end > len(data) {
			return nil
		}
		if body := data[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, exifPrefix) {
			return body[len(exifPrefix):]
		}
		at = end
	}
	return nil
}

// pngExif returns the eXIf chunk.
func pngExif(data []byte) []byte {
	for at := 8; at+12 <= len(data); {
		length := int64(binary.BigEndian.Uint32(data[at:]))
		kind := string(data[at+4 : at+8])
		if length > int64(len(data)-at-12) {
			return nil
		}
		if kind == "eXIf" {
			return bytes.TrimPrefix(data[at+8:at+8+int(length)], exifPrefix)
		}
		if kind == "IEND" {
			return nil
		}
		at += 12 + int(length)
	}
	return nil
}

// webpExif returns the EXIF chunk.
func webpExif(data []byte) []byte {
	for at := 12; at+8 <= len(data); {
		length := int64(binary.LittleEndian.Uint32(data[at+4:]))
		if length > int64(len(data)-at-8) {
			return nil
		}
		if string(data[at:at+4]) == "EXIF" {
			return bytes.TrimPrefix(data[at+8:at+8+int(length)], exifPrefix)
		}
		at += 8 + int(length+length&1)
	}
	return nil
}

// tiffOrientation reads tag 0x0112 of the first directory of a TIFF block.
func tiffOrientation(block []byte) int {
	const upright = 1
	if len(block) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(block[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	directory := int64(order.Uint32(block[4:]))
	if directory+2 > int64(len(block)) {
		return upright
	}
	entries := block[directory+2:]
	for range int(order.Uint16(block[directory:])) {
		if len(entries) < 12 {
			return upright
		}
		const short, long = 3, 4
		if order.Uint16(entries) == 0x0112 && order.Uint32(entries[4:]) >= 1 {
			value := 0
			switch order.Uint16(entries[2:]) {
			case short:
				value = int(order.Uint16(entries[8:]))
			case long:
				value = int(order.Uint32(entries[8:]))
			}
			if value >= 1 && value <= 8 {
				return value
			}
			return upright
		}
		entries = entries[12:]
	}
	return upright
}
