package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A magic of functions, for tests.
type magic struct {
	name string
	run  func(context.Context, magics.Call, magics.Host) error
}

func (m magic) Name() string { return m.name }
func (m magic) Help() string { return m.name + " is for tests\n\nmore about " + m.name }
func (m magic) Run(ctx context.Context, call magics.Call, host magics.Host) error {
	return m.run(ctx, call, host)
}

// echo also completes and answers requests.
type echo struct{ magic }

func (echo) Complete(_ context.Context, line string, cursor int) ([]string, error) {
	start, word, _ := magics.WordAt(line, cursor)
	return []string{word + "ud", fmt.Sprintf("%s-from-%d", word, start)}, nil
}

func (echo) Respond(_ context.Context, request json.RawMessage) (json.RawMessage, error) {
	return request, nil
}

// stuck never answers.
type stuck struct {
	magic
	release chan struct{}
}

func (s stuck) Respond(context.Context, json.RawMessage) (json.RawMessage, error) {
	<-s.release
	return nil, nil
}

func testMagics() []magics.Magic {
	return []magics.Magic{
		echo{magic{"echo", func(_ context.Context, call magics.Call, host magics.Host) error {
			_, err := fmt.Fprintf(host.Stdout(), "line %q body %q\n", call.Line, call.Body)
			return err
		}}},
		magic{"broken", func(context.Context, magics.Call, magics.Host) error {
			return errors.New("read the folder x: it does not exist; check the path")
		}},
		magic{"panics", func(context.Context, magics.Call, magics.Host) error { panic("a bug") }},
		magic{"nested", func(ctx context.Context, call magics.Call, host magics.Host) error {
			return host.Execute(ctx, call.Line)
		}},
		magic{"show", func(ctx context.Context, _ magics.Call, host magics.Host) error {
			id, err := host.Show(ctx, display.Bundle{Data: map[string]any{display.MIMEPNG: []byte("png"), display.MIMEText: "an image"}})
			if err != nil {
				return err
			}
			return host.Update(ctx, id, display.Text("another image"))
		}},
	}
}
