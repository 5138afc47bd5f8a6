// Command probe fits the path of a probe to features from a file, for bench/probe.py.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/probe"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reads lines of C, C, ... and answers each with the seconds that the path took, in JSON.
func run() error {
	file := flag.String("features", "", "float32 features of [rows, cols], then int32 labels")
	rows, cols, classes := flag.Int("rows", 0, ""), flag.Int("cols", 0, ""), flag.Int("classes", 0, "")
	logits := flag.String("logits", "", "file that gets the float64 logits of every C")
	flag.Parse()
	in, err := os.Open(*file)
	if err != nil {
		return err
	}
	defer in.Close()
	s := probe.Samples{Features: probe.Features{Rows: *rows, Cols: *cols, Data: make([]float32, *rows**cols)}, Classes: *classes}
	labels := make([]int32, *rows)
	for _, to := range []any{s.Data, labels} {
		if err := binary.Read(in, binary.LittleEndian, to); err != nil {
			return err
		}
	}
	for _, label := range labels {
		s.Labels = append(s.Labels, int(label))
	}
	for {
		line := ""
		if _, err := fmt.Scanln(&line); err != nil {
			return nil // the end of the input
		}
		var cs []float64
		for word := range strings.SplitSeq(line, ",") {
			c, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return err
			}
			cs = append(cs, c)
		}
		if err := answer(s, cs, *logits); err != nil {
			return err
		}
	}
}

func answer(s probe.Samples, cs []float64, logits string) error {
	iterations, start, before := 0, time.Now(), timeline.Processor()
	path, err := probe.Path(context.Background(), s, cs, probe.Options{
		Normalization: probe.Raw, Tolerance: probe.ToleranceFit, Workers: runtime.GOMAXPROCS(0), Events: func(probe.Iteration) { iterations++ },
	})
	if err != nil {
		return err
	}
	seconds, cpu := time.Since(start).Seconds(), timeline.Processor()-before
	out, err := os.Create(logits)
	if err != nil {
		return err
	}
	for _, l := range path {
		if err := binary.Write(io.Writer(out), binary.LittleEndian, l.Logits(s.Features)); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"seconds": seconds, "cpu": cpu, "iterations": iterations})
}
