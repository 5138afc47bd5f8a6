// Command decode decodes and resizes images in one thread, for bench/decode.py: for each line of standard input it runs once
// over all files named as arguments, and answers with a line of JSON. The first argument is a resize method, and behind a colon, if
// it is not to be exact, a decoding.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/imageio"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "decode:", err)
		os.Exit(1)
	}
}

func run(method string, files []string) error {
	runtime.GOMAXPROCS(1)
	var images [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		images = append(images, data)
	}
	method, decoding, _ := strings.Cut(method, ":")
	g := imageio.Geometry{Size: 224, Method: imageio.Method(method), Decode: imageio.Decoding(decoding)}
	dst := make([]uint8, g.Bytes())
	fmt.Fprintln(os.Stderr, "vectorized:", imageio.Vectorized())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		start, before := time.Now(), timeline.Processor()
		for i, data := range images {
			if err := imageio.At(dst, data, g, imageio.Limits{}); err != nil {
				return fmt.Errorf("%s: %w", files[i], err)
			}
		}
		err := json.NewEncoder(os.Stdout).Encode(map[string]float64{
			"seconds": time.Since(start).Seconds(), "cpu_seconds": timeline.Processor() - before,
		})
		if err != nil {
			return err
		}
	}
	return lines.Err()
}
