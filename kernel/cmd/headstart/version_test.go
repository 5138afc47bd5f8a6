package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/doctor"
	"github.com/headstart-nb/headstart/kernel/install"
)

// %version and the doctor name the same version of each program that both know.
func TestVersionsAreThoseOfTheDoctor(t *testing.T) {
	bin := os.Getenv("HEADSTART_BIN")
	if bin == "" {
		need.Lack(t, need.Setup, "HEADSTART_BIN names no installation: make setup")
	}
	report := doctor.Examine(t.Context(), doctor.Options{Layout: install.Layout{Root: filepath.Dir(bin)}, Version: version})
	said := map[string]string{}
	for _, check := range report.Checks {
		if check.Severity == diagnosis.OK { // a warning may be about something else than the version
			said[check.Subject] = check.Sentence
		}
	}
	compared := 0
	for _, v := range versionsForMagic(bin)(t.Context()) {
		sentence, ok := said[v.Program]
		if !ok {
			continue
		}
		compared++
		if v.Version == "" || sentence != v.Version {
			t.Errorf("%s: %%version shows %q, the doctor %q", v.Program, v.Version, sentence)
		}
	}
	if compared < 3 {
		t.Errorf("%d programs were compared: %v", compared, said)
	}
}
