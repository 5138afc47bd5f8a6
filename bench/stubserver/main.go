// Command stubserver is headstart serve with a model that only looks at a pixel, for scripts/servesoak.py: what is tried is the server.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/models/serving/server"
	"github.com/headstart-nb/headstart/models/serving/servingtest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "stubserver: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	config := server.DefaultConfig()
	flag.IntVar(&config.Port, "port", config.Port, "port of HTTP")
	dir := flag.String("dir", "", "empty folder for the model")
	flag.Parse()
	config.GRPC = false
	sources, err := servingtest.Sources(*dir)
	if err != nil {
		return err
	}
	s, err := server.New(config, sources, servingtest.Stub{Size: 32, Delay: 2 * time.Millisecond}.Open, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return s.Run(ctx)
}
