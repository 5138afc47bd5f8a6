// Command serve loads a model server with requests by vegeta, and prints what came back, for bench/serve.py and scripts/servesoak.py. It is a
// module of its own, and a process of its own, so that the load takes nothing from the server but processor time.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

type options struct {
	url, image, folder string
	form               string
	rate, seconds      float64
	workers, requests  uint64
}

func main() {
	var o options
	flag.StringVar(&o.url, "url", "", "address that takes an image as the body")
	flag.StringVar(&o.image, "image", "", "file of the image")
	flag.StringVar(&o.folder, "folder", "", "folder of bodies to send in turn, in place of -image; the answer to a file CLASS=NAME must rank CLASS first")
	flag.StringVar(&o.form, "form", "", "field of a form to send the image in; empty: the image is the body")
	flag.Float64Var(&o.rate, "rate", 0, "requests a second; 0: as many as are answered")
	flag.Uint64Var(&o.workers, "workers", 32, "requests at once, at most")
	flag.Float64Var(&o.seconds, "seconds", 10, "how long, at most")
	flag.Uint64Var(&o.requests, "requests", 0, "how many; 0: as many as time allows")
	flag.Parse()
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "serve: "+err.Error())
		os.Exit(1)
	}
}

// targets are the requests, one for each file.
func (o options) targets() ([]vegeta.Target, error) {
	files := []string{o.image}
	if o.folder != "" {
		var err error
		if files, err = filepath.Glob(filepath.Join(o.folder, "*")); err != nil {
			return nil, err
		}
	}
	var list []vegeta.Target
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		kind := "image/jpeg"
		if o.form != "" {
			if body, kind, err = inForm(o.form, body); err != nil {
				return nil, err
			}
		}
		target := vegeta.Target{Method: http.MethodPost, URL: o.url, Body: body, Header: http.Header{"Content-Type": {kind}}}
		if class, _, ok := strings.Cut(filepath.Base(file), "="); ok {
			target.URL += "?top=1&want=" + class // which the server does not read
		}
		list = append(list, target)
	}
	if len(list) == 0 {
		return nil, errors.New("there is nothing to send")
	}
	return list, nil
}

// inForm is a form with an image in a field, and its media type.
func inForm(field string, image []byte) (body []byte, kind string, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(field, "image.jpg")}, "Content-Type": {"image/jpeg"},
	})
	if err == nil {
		_, err = part.Write(image)
	}
	err = errors.Join(err, w.Close())
	return form.Bytes(), w.FormDataContentType(), err
}

func (o options) run() error {
	targets, err := o.targets()
	if err != nil {
		return err
	}
	var sent atomic.Uint64
	targeter := func(target *vegeta.Target) error {
		n := sent.Add(1)
		if o.requests > 0 && n > o.requests {
			return vegeta.ErrNoTargets
		}
		*target = targets[n%uint64(len(targets))]
		return nil
	}
	var pacer vegeta.Pacer = vegeta.ConstantPacer{} // no pace
	if o.rate > 0 {
		pacer = vegeta.ConstantPacer{Freq: int(o.rate * 1000), Per: 1000 * time.Second}
	}
	var metrics vegeta.Metrics
	wrong := 0
	attacker := vegeta.NewAttacker(vegeta.Workers(o.workers), vegeta.MaxWorkers(o.workers), vegeta.Timeout(time.Minute))
	for result := range attacker.Attack(targeter, pacer, time.Duration(o.seconds*float64(time.Second)), "load") {
		if result.Error == vegeta.ErrNoTargets.Error() { // it is the end, and no request
			continue
		}
		metrics.Add(result)
		if _, class, ok := strings.Cut(result.URL, "&want="); ok && result.Code == http.StatusOK && !bytes.Contains(result.Body, []byte(`"class":"`+class+`"`)) {
			wrong++
		}
	}
	metrics.Close()
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": metrics.Requests, "throughput": metrics.Throughput, "p50": metrics.Latencies.P50.Seconds(), "p99": metrics.Latencies.P99.Seconds(),
		"codes": metrics.StatusCodes, "errors": metrics.Errors, "wrong": wrong,
	})
}
