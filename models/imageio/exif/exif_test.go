package exif

import "testing"

func FuzzOrientation(f *testing.F) {
	f.Add("jpeg", []byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"))
	f.Add("tiff", []byte("II*\x00\xff\xff\xff\xff"))
	f.Add("webp", []byte("RIFF\x00\x00\x00\x00WEBPEXIF\xff\xff\xff\xff"))
	f.Add("png", []byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf"))
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		if o := Orientation(format, data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
