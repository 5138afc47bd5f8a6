package builtin

import (
	"context"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// A Version is that of one program.
type Version struct {
	Program string `json:"program"`
	Version string `json:"version"`
}

func versionMagic(versions func(context.Context) []Version) magics.Magic {
	return &magics.Command[struct{}]{
		Use:     "version",
		Short:   "Shows the versions of Headstart, GoNB and Go",
		Long:    "They are those that %doctor checks. GoNB's own %version shows that of an earlier release.",
		Example: "%version",
		JSON:    true, Concurrent: true,
		Do: func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
			list := versions(ctx)
			return in.Result(list, func() (display.Bundle, error) {
				t := sketch.Table{Header: []string{"program", "version"}}
				for _, v := range list {
					t.Rows = append(t.Rows, []string{v.Program, v.Version})
				}
				return table(t), nil
			})
		},
	}
}
