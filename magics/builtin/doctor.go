package builtin

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

func doctorMagic(checks func(context.Context) ([]diagnosis.Diagnosis, error)) magics.Magic {
	return &magics.Command[struct{}]{
		Use:   "doctor",
		Short: "Checks the installation and suggests fixes",
		Long:  "In a terminal, headstart doctor --fix installs again what is missing or damaged.",
		JSON:  true, Concurrent: true,
		Do: func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
			list, err := checks(ctx)
			if err != nil {
				return fmt.Errorf("%%doctor: check the installation: %w", err)
			}
			return in.Result(list, func() (display.Bundle, error) { return doctorTable(list), nil })
		},
	}
}

func doctorTable(list []diagnosis.Diagnosis) display.Bundle {
	t := sketch.Table{Title: "Installation", Header: []string{"check", "", "found", "fix"}}
	bad := 0
	for _, c := range list {
		if c.Severity == diagnosis.Error {
			bad++
		}
		t.Rows = append(t.Rows, []string{c.Subject, string(c.Severity), c.Sentence, c.Fix})
	}
	if bad == 0 {
		t.Notes = []string{"Everything that is needed works."}
	} else {
		t.Notes = []string{fmt.Sprintf("%d of %d checks failed.", bad, len(list))}
	}
	return table(t)
}
