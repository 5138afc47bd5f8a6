// Package serving presents the server that answers predictions from inside a kernel.
package serving

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/serving/server"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type serveFlags struct {
	Run  string
	Name string
	Port int
	Open bool
}

// A Presenter starts, shows and ends the server of a lab. It is safe for concurrent use.
type Presenter struct {
	lab *lab.Lab
	log *slog.Logger

	mu      sync.Mutex
	running *runningServer
}

type runningServer struct {
	server *server.Server
	token  string
	source string // the folder, the model or the run
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // after ended
}

// served is the state of a server, as JSON.
type served struct {
	Serving bool   `json:"serving"`
	Model   string `json:"model,omitempty"`
	Source  string `json:"source,omitempty"`
	URL     string `json:"url,omitempty"`
	Port    string `json:"port,omitempty"`
	Token   string `json:"token,omitempty"`
}

// New presents the server of a lab, which does not run yet.
func New(l *lab.Lab, log *slog.Logger) *Presenter { return &Presenter{lab: l, log: log} }

// Magic is %serve.
func (p *Presenter) Magic() magics.Magic {
	return &magics.Command[serveFlags]{
		Use:   "serve [MODEL|stop]",
		Short: "Answers predictions of a model over HTTP, for other programs and a page to try it",
		Long: `MODEL is a saved model's folder, or the name of a model of this session. Without it %serve shows the address. The server belongs to
the kernel: it ends with it, or with %serve stop; headstart serve runs on its own. It listens on the loopback interface; requests
need the token that stands in the address.`,
		Example: "%serve models/trash\n%serve --run first\n%serve\n%serve stop",
		Args:    magics.Args{Max: 1, Complete: magics.Files},
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *serveFlags) {
			f.StringVar(&o.Run, "run", "", "run whose model is served")
			f.StringVar(&o.Name, "name", "", "name in addresses; by default that of the model")
			f.IntVar(&o.Port, "port", 0, "port; 0 means any free one")
			f.BoolVar(&o.Open, "no-token", false, "answer every user of this machine")
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *serveFlags) error {
			return p.serveModel(ctx, output.Of(in), cmp.Or(in.Args...), *o)
		}),
	}
}

func (p *Presenter) serveModel(ctx context.Context, page output.Page, what string, o serveFlags) error {
	switch {
	case what == "stop":
		if err := p.Close(); err != nil {
			return err
		}
	case what != "" && o.Run != "":
		return fmt.Errorf("serve %s: give a model or --run, not both", what)
	case what != "" || o.Run != "":
		if err := p.startServing(ctx, what, o); err != nil {
			return err
		}
	}
	return p.showServing(ctx, page)
}

// startServing replaces the server that runs once the new one is ready: where that fails, the one before goes on.
func (p *Presenter) startServing(ctx context.Context, what string, o serveFlags) error {
	dir, done, err := p.servedFolder(ctx, what, o.Run)
	if err != nil {
		return err
	}
	defer done()
	device, err := p.lab.Device(ctx)
	if err != nil {
		return err
	}
	config := server.DefaultConfig()
	config.Port, config.GRPC = o.Port, false
	if !o.Open {
		config.Token = rand.Text()
	}
	source := modelset.Source{Name: cmp.Or(o.Name, o.Run, filepath.Base(filepath.Clean(what))), Dir: dir}
	start := func(config server.Config) (*runningServer, error) {
		s, err := server.New(config, []modelset.Source{source}, modelset.Saved(device, "", config.Batch), p.log)
		if err != nil {
			return nil, err
		}
		r := &runningServer{server: s, token: config.Token, source: cmp.Or(what, o.Run), ended: make(chan struct{})}
		return r, r.start(ctx, p.lab.Pin())
	}
	if now := p.now(); now != nil && now.port() == strconv.Itoa(o.Port) { // it keeps the port until the new one has run on another
		elsewhere := config
		elsewhere.Port = 0
		trial, err := start(elsewhere)
		if err != nil {
			return err
		}
		p.end(trial)
		p.end(p.replace(nil))
	}
	r, err := start(config)
	if err != nil {
		return err
	}
	p.end(p.replace(r))
	return nil
}

// start runs a server until it is ready. release is called when it has ended.
func (r *runningServer) start(ctx context.Context, release func()) error {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	go func() {
		defer close(r.ended)
		defer release()
		r.err = r.server.Run(running)
	}()
	select {
	case <-r.server.Ready():
		return nil
	case <-r.ended:
		cancel()
		return r.err
	case <-ctx.Done():
		cancel()
		<-r.ended
		return ctx.Err()
	}
}

// servedFolder is the folder of a saved model, or a copy of a model of the session: what is served does not change while that is
// trained again. done removes the copy, which is in memory once it is served.
func (p *Presenter) servedFolder(ctx context.Context, what, run string) (dir string, done func(), err error) {
	nothing := func() {}
	if run == "" {
		if _, missing := p.lab.Model(what); missing != nil {
			dir, err := homepath.Expand(what)
			return dir, nothing, err
		}
	}
	trained, err := p.lab.Trained(ctx, lab.Ref{Model: what, Run: run})
	if err != nil {
		return "", nothing, err
	}
	temporary, err := os.MkdirTemp("", "headstart-serve-*")
	if err != nil {
		return "", nothing, fmt.Errorf("serve %s: %w", cmp.Or(what, run), err)
	}
	done = func() { _ = os.RemoveAll(temporary) } // what stays is removed with the machine's temporary files
	dir = filepath.Join(temporary, "model")
	if err := trained.Model.Save(dir, classifier.SaveOptions{}); err != nil {
		done()
		return "", nothing, err
	}
	return dir, done, nil
}

// showServing shows the address, or that there is none.
func (p *Presenter) showServing(ctx context.Context, page output.Page) error {
	r := p.now()
	if r == nil {
		return page.Result(ctx, served{}, func() (display.Bundle, error) {
			return display.Text("Nothing is being served; %serve MODEL starts a server."), nil
		})
	}
	address := r.server.URL()
	port, name := r.port(), r.server.Models().Names()[0]
	state := served{Serving: true, Model: name, Source: r.source, URL: address, Port: port, Token: r.token}
	return page.Result(ctx, state, func() (display.Bundle, error) {
		fragment, header := "", ""
		if r.token != "" {
			fragment, header = "#token="+r.token, ` -H "Authorization: Bearer `+r.token+`"`
		}
		return wholeTable("serving "+name, [][]string{
			{"try it", address + fragment},
			{"through jupyter-server-proxy", "proxy/" + port + "/" + fragment},
			{"from a program", "curl" + header + " --data-binary @photo.jpg " + address + "v1/predict"},
			{"end it", "%serve stop"},
		}), nil
	})
}

// wholeTable is a table of which nothing is cut off as plain text either: a part of a token is worth nothing.
func wholeTable(title string, rows [][]string) display.Bundle {
	bundle := figure.Table(figure.TableData{Title: title, Header: []string{"", ""}, Rows: rows})
	var text strings.Builder
	fmt.Fprintln(&text, title)
	for _, row := range rows {
		fmt.Fprintf(&text, "%-28s  %s\n", row[0], row[1]) // as long as the longest
	}
	bundle.Data[display.MIMEText] = text.String()
	return bundle
}

// now is the server that runs; nil where none does.
func (p *Presenter) now() *runningServer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return nil
	}
	select {
	case <-p.running.ended:
		return nil
	default:
		return p.running
	}
}

// replace puts a server in the place of the one that runs, and gives that back; nil: none.
func (p *Presenter) replace(r *runningServer) (before *runningServer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, p.running = p.running, r
	return before
}

// Close ends the server that runs, after the requests that have begun.
func (p *Presenter) Close() error { return p.replace(nil).close() }

// end closes a server in whose place another runs, so that the cell does not have its error.
func (p *Presenter) end(r *runningServer) {
	if err := r.close(); err != nil {
		p.log.Error("a server that was replaced has failed", "error", err)
	}
}

// port is that of the address.
func (r *runningServer) port() string {
	address, err := url.Parse(r.server.URL())
	if err != nil {
		return "" // the server's own address can be read
	}
	return address.Port()
}

// close ends a server; without one (nil) it does nothing.
func (r *runningServer) close() error {
	if r == nil {
		return nil
	}
	r.cancel()
	<-r.ended
	if errors.Is(r.err, context.Canceled) {
		return nil
	}
	return r.err
}
