package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/serving/server"
)

// tokenVariable has the token, where no flag names it: other users can read a command line.
const tokenVariable = "HEADSTART_SERVE_TOKEN"

// maxToken bounds the file of the token, in bytes.
const maxToken = 4 << 10

// serveFlags are those of the command serve.
type serveFlags struct {
	config                server.Config
	name, weights, device string
	tokenFile, logFormat  string
	noGRPC                bool
	bodyMiB, memoryMiB    int64
}

func (o *serveFlags) declare(f *pflag.FlagSet) {
	o.config = server.DefaultConfig()
	c := &o.config
	f.IntVar(&c.Port, "port", c.Port, "port of HTTP; 0 means any free one")
	f.StringVar(&c.Host, "host", c.Host, "address to listen on; 0.0.0.0 means all")
	f.IntVar(&c.GRPCPort, "grpc-port", c.GRPCPort, "port of gRPC; 0 means any free one")
	f.IntVar(&c.MetricsPort, "metrics-port", 0, "port of the metrics alone, without a token, for Prometheus; 0 means none")
	f.BoolVar(&o.noGRPC, "no-grpc", false, "serve HTTP only")
	f.StringVar(&o.name, "name", "", "name of the model; by default the folder's name")
	f.StringVar(&o.weights, "weights", "", "file with the backbone's weights, for models that were saved head-only")
	magics.Enum(f, &o.device, "device", "auto", []string{"auto", "cpu", "cuda", "go"}, "device that computes")
	f.StringVar(&c.Token, "token", "", "bearer token that requests must have; also from "+tokenVariable)
	f.StringVar(&o.tokenFile, "token-file", "", "file with the token")
	f.StringVar(&c.CertFile, "tls-cert", "", "PEM file with the certificate")
	f.StringVar(&c.KeyFile, "tls-key", "", "PEM file with the certificate's key")
	f.IntVar(&c.Batch, "batch", c.Batch, "most images computed at once")
	f.DurationVar(&c.Delay, "delay", c.Delay, "longest time that an image waits for others to join its batch")
	f.DurationVar(&c.Reload, "reload", c.Reload, "time between looks at the models' folders and the certificate; 0 means never")
	f.IntVar(&c.Limits.Images, "queue", c.Limits.Images, "images waiting or being computed; more are refused at once")
	f.IntVar(&c.Limits.PerRequest, "max-images", c.Limits.PerRequest, "images of one request")
	f.Int64Var(&o.bodyMiB, "max-body", c.Limits.Body>>20, "MiB of one request")
	f.Int64Var(&o.memoryMiB, "max-memory", c.Limits.Memory>>20, "MiB of all requests that are held at once")
	f.Int64Var(&c.Limits.Pixels, "max-pixels", c.Limits.Pixels, "pixels of an image")
	f.IntVar(&c.Connections, "max-connections", c.Connections, "connections on each port; more are closed at once")
	f.DurationVar(&c.Limits.Wait, "timeout", c.Limits.Wait, "time in which a request is answered")
	f.DurationVar(&c.Drain, "drain", c.Drain, "time between the end of readiness and the last new request")
	f.DurationVar(&c.Grace, "grace", c.Grace, "time that requests have to end after a SIGTERM")
	f.BoolVar(&c.LogRequests, "log-requests", false, "log each request: route, status, seconds, address of the client")
	magics.Enum(f, &o.logFormat, "log", "text", []string{"text", "json"}, "form of the log")
}

// complete fills in what follows from other flags.
func (o *serveFlags) complete() error {
	o.config.GRPC = !o.noGRPC
	for name, value := range map[string]int64{"max-body": o.bodyMiB, "max-memory": o.memoryMiB} {
		if value < 1 || value > 1<<20 {
			return commandline.Usagef("serve: --%s must be from 1 to %d MiB; got %d", name, 1<<20, value)
		}
	}
	o.config.Limits.Body, o.config.Limits.Memory = o.bodyMiB<<20, o.memoryMiB<<20
	if o.tokenFile != "" {
		text, err := safefile.ReadFile(o.tokenFile, maxToken)
		if err != nil {
			return fmt.Errorf("read the token: %w", err)
		}
		if o.config.Token = strings.TrimSpace(string(text)); o.config.Token == "" {
			return fmt.Errorf("read the token: %s is empty", o.tokenFile)
		}
	}
	o.config.Token = cmp.Or(o.config.Token, strings.TrimSpace(os.Getenv(tokenVariable))) // a secret made of a file ends with its newline
	if err := o.config.Validate(); err != nil {
		return &commandline.UsageError{Err: fmt.Errorf("serve: %w", err)}
	}
	return nil
}

func serveCommand(p *transfer.Presenter) *cobra.Command {
	var o serveFlags
	cmd := &cobra.Command{
		Use:   "serve MODEL...",
		Short: "Answer predictions of saved models over HTTP and gRPC",
		Long: `Answer predictions of saved models over HTTP and gRPC: the Open Inference Protocol, version 2, and POST /v1/predict, which takes
an image as it is. MODEL is a folder, or NAME=FOLDER. A folder that changes is loaded again without losing a request. The page at /
tries the models; a program asks by curl --data-binary @photo.jpg http://127.0.0.1:8080/v1/predict. Without a token, and with another host than the default, everyone who reaches the port may ask.`,
		Example: `  headstart serve model
  headstart serve trash=models/trash signs=models/signs --host 0.0.0.0 --token-file token`,
		Args: commandline.Args(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.complete(); err != nil {
				return err
			}
			sources, err := sourcesOf(args, o.name)
			if err != nil {
				return err
			}
			return command(c, quietPage(c), func(ctx context.Context, _ output.Page) error {
				return serve(ctx, c.OutOrStdout(), p, o, sources, logOf(c.ErrOrStderr(), o.logFormat))
			})
		},
	}
	o.declare(cmd.Flags())
	return cmd
}

// sourcesOf reads the arguments: FOLDER or NAME=FOLDER.
func sourcesOf(args []string, name string) ([]modelset.Source, error) {
	if name != "" && len(args) > 1 {
		return nil, commandline.Usagef("serve: --name names one model; give several as NAME=FOLDER")
	}
	var sources []modelset.Source
	for _, arg := range args {
		source := modelset.Source{Dir: arg}
		if _, err := os.Stat(arg); err != nil { // a folder may have the sign in its name
			if before, after, ok := strings.Cut(arg, "="); ok {
				source = modelset.Source{Name: before, Dir: after}
			}
		}
		absolute, err := filepath.Abs(source.Dir)
		if err != nil {
			return nil, fmt.Errorf("serve %s: %w", source.Dir, err)
		}
		source.Name = cmp.Or(name, source.Name, filepath.Base(absolute))
		sources = append(sources, source)
	}
	return sources, nil
}

func logOf(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// serve answers until the context ends, and prints the address once the models are loaded.
func serve(ctx context.Context, out io.Writer, p *transfer.Presenter, o serveFlags, sources []modelset.Source, log *slog.Logger) error {
	if err := p.Lab().UseDevice(ctx, o.device); err != nil {
		return err
	}
	device, err := p.Lab().Device(ctx)
	if err != nil {
		return err
	}
	s, err := server.New(o.config, sources, modelset.Saved(device, o.weights, o.config.Batch), log)
	if err != nil {
		return err
	}
	if !o.config.Loopback() && o.config.Token == "" {
		log.Warn("everyone who reaches the port may ask: no token is set", "host", o.config.Host)
	}
	done := make(chan struct{})
	go func() {
		select {
		case <-s.Ready():
			fmt.Fprintf(out, "serving %s at %s", strings.Join(s.Models().Names(), ", "), s.URL())
			if address := s.GRPCAddress(); address != "" {
				fmt.Fprintf(out, " and gRPC at %s", address)
			}
			fmt.Fprintln(out)
		case <-done:
		}
	}()
	defer close(done)
	return s.Run(ctx)
}
