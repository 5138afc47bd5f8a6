// Command serve loads a model server with requests by vegeta, and prints what came back, for bench/serve.py. It is a module of its own,
// and a process of its own, so that the load takes nothing from the server but processor time.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func main() {
	url := flag.String("url", "", "address that takes an image as the body")
	image := flag.String("image", "", "file of the image")
	rate := flag.Float64("rate", 0, "requests a second; 0: as many as are answered")
	workers := flag.Uint64("workers", 32, "requests at once, at most")
	seconds := flag.Float64("seconds", 10, "how long")
	flag.Parse()
	body, err := os.ReadFile(*image)
	if err != nil {
		fmt.Fprintln(os.Stderr, "serve: "+err.Error())
		os.Exit(1)
	}
	target := vegeta.NewStaticTargeter(vegeta.Target{
		Method: http.MethodPost, URL: *url, Body: body, Header: http.Header{"Content-Type": {"image/jpeg"}},
	})
	var pacer vegeta.Pacer = vegeta.ConstantPacer{} // no pace
	if *rate > 0 {
		pacer = vegeta.ConstantPacer{Freq: int(*rate * 1000), Per: 1000 * time.Second}
	}
	var metrics vegeta.Metrics
	attacker := vegeta.NewAttacker(vegeta.Workers(*workers), vegeta.MaxWorkers(*workers), vegeta.Timeout(time.Minute))
	for result := range attacker.Attack(target, pacer, time.Duration(*seconds*float64(time.Second)), "load") {
		metrics.Add(result)
	}
	metrics.Close()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": metrics.Requests, "throughput": metrics.Throughput, "p50": metrics.Latencies.P50.Seconds(), "p99": metrics.Latencies.P99.Seconds(),
		"codes": metrics.StatusCodes,
	}); err != nil {
		fmt.Fprintln(os.Stderr, "serve: "+err.Error())
		os.Exit(1)
	}
}
