package homepath

import "testing"

func TestExpand(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	for path, want := range map[string]string{
		"~": "/home/ann", "~/images": "/home/ann/images", "~ann/images": "~ann/images", "images/~": "images/~", "": "", "/": "/",
	} {
		if got, err := Expand(path); got != want || err != nil {
			t.Errorf("%q is %q, want %q, %v", path, got, want, err)
		}
	}
	t.Setenv("HOME", "")
	if _, err := Expand("~/images"); err == nil {
		t.Error("there was a home folder")
	}
}

func TestAbs(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	t.Chdir("/")
	for path, want := range map[string]string{"~/images": "/home/ann/images", "images/../photos": "/photos", "/photos": "/photos"} {
		if got, err := Abs(path); got != want || err != nil {
			t.Errorf("%q is %q, want %q, %v", path, got, want, err)
		}
	}
	t.Setenv("HOME", "")
	if _, err := Abs("~/images"); err == nil {
		t.Error("there was a home folder")
	}
}
