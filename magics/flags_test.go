package magics_test

import (
	"testing"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
)

// A cell has no shell that replaces ~, and Tab completes behind it.
func TestAPathBeginsAtTheHomeFolder(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	for given, want := range map[string]string{
		"~/out.onnx": "/home/ann/out.onnx", "~": "/home/ann", "~bob/out.onnx": "~bob/out.onnx", "a/~/b": "a/~/b", "": "",
	} {
		var path string
		flags := pflag.NewFlagSet("export", pflag.ContinueOnError)
		magics.Path(flags, &path, "out", "", "file to write")
		if err := flags.Parse([]string{"--out", given}); err != nil || path != want {
			t.Errorf("--out %q is %q, want %q: %v", given, path, want, err)
		}
	}
}
