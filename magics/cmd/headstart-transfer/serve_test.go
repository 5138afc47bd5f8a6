package main

import (
	"testing"

	"github.com/spf13/pflag"
)

// A secret that was made of a file ends with the file's newline, which no header can have.
func TestATokenOfTheEnvironmentIsTrimmed(t *testing.T) {
	for written, want := range map[string]string{"open sesame\n": "open sesame", "": ""} {
		t.Setenv(tokenVariable, written)
		var o serveFlags
		o.declare(pflag.NewFlagSet("serve", pflag.ContinueOnError))
		if err := o.complete(); err != nil || o.config.Token != want {
			t.Errorf("%q: the token is %q, %v", written, o.config.Token, err)
		}
	}
}
