package magics_test

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
)

// A flag of joined words takes each word and every combination, and refuses a part that is no word of its own.
func TestEnumJoined(t *testing.T) {
	for value, want := range map[string]string{
		"auto": "", "conv4": "", "conv4+conv5": "",
		"conv9": "must be one of auto, conv4, conv5; got conv9", "conv4+conv9": "got conv4+conv9", "conv4+": "got conv4+", "": "must be one of",
	} {
		var got string
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		magics.EnumJoined(flags, &got, "cut", "auto", []string{"auto", "conv4", "conv5"}, "+", "STAGE+STAGE", "stages")
		err := flags.Parse([]string{"--cut=" + value})
		if want == "" && (err != nil || got != value) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %q, %v; want %q", value, got, err, want)
		}
		if kind := flags.Lookup("cut").Value.Type(); kind != "auto|conv4|conv5|STAGE+STAGE" {
			t.Errorf("the flag takes %s", kind)
		}
	}
}
