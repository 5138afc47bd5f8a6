package web

import "testing"

// A data URL that is text was read as an image without a byte: "the file is empty" was said of it.
func TestDataURLs(t *testing.T) {
	for text, want := range map[string]string{"aGVsbG8=": "hello", "data:image/png;base64,aGVsbG8=": "hello", "data:image/png;charset=utf-8;base64,aGVsbG8=": "hello"} {
		if got, err := decodeBase64(text); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"data:image/svg+xml,%3Csvg/%3E", "data:", "***"} {
		if got, err := decodeBase64(text); err == nil {
			t.Errorf("%s is %q", text, got)
		}
	}
}
