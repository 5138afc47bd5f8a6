package builtin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

type timeitOptions struct {
	Runs  int
	Loops int
}

// timeitTarget is how long one run of Go code should last: long enough for the clock, short enough to wait for.
const timeitTarget = 200 * time.Millisecond

func timeitMagic(known *registry.Registry) magics.Magic {
	return &magics.RawCommand[timeitOptions]{
		Use:   "timeit CODE",
		Short: "Measures the time of a magic or of Go code",
		Long: `The code is Go statements, as in a func main, in the line or in the cell below it, or one %magic. Go is compiled once and
repeated in a loop inside its process; the times are those of the statements alone. A magic is called as often as there
are runs; what it prints and shows is left out.`,
		Example: "%timeit strings.Repeat(\"x\", 1000)\n%timeit --runs 3 %predict images/cat.jpg",
		Body:    magics.OptionalBody,
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *timeitOptions) {
			f.IntVar(&o.Runs, "runs", 7, "how many times to measure")
			f.IntVar(&o.Loops, "loops", 0, "repetitions in a run of Go code; 0 chooses as many as last "+timeitTarget.String())
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *timeitOptions) error {
			if o.Runs < 1 || o.Loops < 0 {
				return errors.New("%timeit: --runs is 1 or more, --loops is 0 or more")
			}
			var t timing
			var err error
			switch {
			case strings.HasPrefix(in.Line, "%") && !in.Call.Cell:
				t, err = timeMagic(ctx, in, known, o.Runs)
			case in.Line == "" && strings.TrimSpace(in.Call.Body) == "":
				err = errors.New("%timeit: there is nothing to time: write Go statements or a %magic after it, or Go below %%timeit")
			default:
				t, err = timeGo(ctx, in, *o)
			}
			if err != nil {
				return err
			}
			t.summarize()
			return in.Result(t, func() (display.Bundle, error) { return t.show(), nil })
		},
	}
}

// timing is what was measured. Times are in nanoseconds for one repetition.
type timing struct {
	Loops     int       `json:"loops"`
	Runs      []float64 `json:"runs_ns"`
	Mean      float64   `json:"mean_ns"`
	Deviation float64   `json:"deviation_ns"` // of the runs, as of a sample; 0 for a single run
	Best      float64   `json:"best_ns"`
}

func (t *timing) summarize() {
	t.Best = math.Inf(1)
	for _, ns := range t.Runs {
		t.Mean += ns / float64(len(t.Runs))
		t.Best = min(t.Best, ns)
	}
	if n := len(t.Runs); n > 1 {
		sum := 0.0
		for _, ns := range t.Runs {
			sum += (ns - t.Mean) * (ns - t.Mean)
		}
		t.Deviation = math.Sqrt(sum / float64(n-1))
	}
}

func (t *timing) show() display.Bundle {
	worst := 0.0
	for _, ns := range t.Runs {
		worst = max(worst, ns)
	}
	s := sketch.Table{
		Title: fmt.Sprintf("%s ± %s (%d runs of %d loops, best %s)",
			duration(t.Mean), duration(t.Deviation), len(t.Runs), t.Loops, duration(t.Best)),
		Header: []string{"run", "time", ""},
		Right:  []int{0, 1},
	}
	const width = 30
	for i, ns := range t.Runs {
		bar := ""
		if worst > 0 {
			bar = strings.Repeat("█", max(1, int(math.Round(width*ns/worst))))
		}
		s.Rows = append(s.Rows, []string{strconv.Itoa(i + 1), duration(ns), bar})
	}
	return table(s)
}

// duration writes nanoseconds with three digits that count.
func duration(ns float64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if ns >= unit.size {
			return strconv.FormatFloat(ns/unit.size, 'g', 3, 64) + " " + unit.name
		}
	}
	return strconv.FormatFloat(ns, 'g', 3, 64) + " ns"
}

// timeMagic calls a magic, in silence.
func timeMagic(ctx context.Context, in *magics.Invocation, known *registry.Registry, runs int) (timing, error) {
	parts := known.ParseCell(in.Line, registry.Lines{})
	if len(parts) != 1 || !parts[0].IsMagic() {
		word := strings.TrimLeft(strings.Fields(in.Line)[0], "%")
		return timing{}, fmt.Errorf("%%timeit: %w", known.Unknown(word))
	}
	if parts[0].Err != nil {
		return timing{}, fmt.Errorf("%%timeit: %w", parts[0].Err)
	}
	call := parts[0].Call
	m, ok := known.Lookup(call.Name)
	if !ok {
		return timing{}, fmt.Errorf("%%timeit: %w", known.Unknown(call.Name))
	}
	t := timing{Loops: 1}
	for range runs {
		start := time.Now()
		if err := magics.Invoke(ctx, m, call, silent{in.Host}); err != nil {
			return t, err
		}
		t.Runs = append(t.Runs, float64(time.Since(start)))
		if err := ctx.Err(); err != nil {
			return t, err
		}
	}
	return t, nil
}

// silent is a host on which nothing appears.
type silent struct{ magics.Host }

func (silent) Show(context.Context, display.Bundle) (display.ID, error) { return "silent", nil }
func (silent) Update(context.Context, display.ID, display.Bundle) error { return nil }
func (silent) Stdout() io.Writer                                        { return io.Discard }
func (silent) Stderr() io.Writer                                        { return io.Discard }

// timeGo lets the engine run a program that measures itself and leaves the result in a file.
func timeGo(ctx context.Context, in *magics.Invocation, o timeitOptions) (timing, error) {
	folder, err := os.MkdirTemp(magics.RuntimeDir(in.Host), "timeit-")
	if err != nil {
		return timing{}, fmt.Errorf("%%timeit: make a folder for the result: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // the runtime folder goes with the kernel
	file := filepath.Join(folder, "result.json")
	if err := in.Execute(ctx, timeitProgram(in.Call, in.Line, o, file)); err != nil {
		return timing{}, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return timing{}, errors.New("%timeit: the code ended the program before it was measured: remove its call of os.Exit")
	}
	var t timing
	if err := json.Unmarshal(text, &t); err != nil {
		return t, fmt.Errorf("%%timeit: read the result: %w", err)
	}
	return t, nil
}

// timeitProgram is the Go program that measures. The statements stand in it on the lines on which they stand in the
// cell, so that the compiler's errors point there.
func timeitProgram(call magics.Call, line string, o timeitOptions, file string) string {
	above := strings.Count(strings.TrimSuffix(call.Code, call.Body), "\n")
	body := call.Body
	if !call.Cell {
		above, body = 1, ""
	}
	return fmt.Sprintf(`%sfunc main() { headstartCode := func() { %s
%s
}
	headstartRun := func(loops int) time.Duration {
		start := time.Now()
		for range loops {
			headstartCode()
		}
		return time.Since(start)
	}
	loops := %d
	if loops == 0 {
		for loops = 1; ; {
			took := headstartRun(loops)
			if took >= %d || loops >= 1_000_000_000 {
				break
			}
			loops = max(loops+1, min(100*loops, int(1.2*float64(loops)*%d/float64(took+1))))
		}
	}
	result := struct {
		Loops int       `+"`json:\"loops\"`"+`
		Runs  []float64 `+"`json:\"runs_ns\"`"+`
	}{Loops: loops}
	for range %d {
		result.Runs = append(result.Runs, float64(headstartRun(loops))/float64(loops))
	}
	text, err := json.Marshal(result)
	if err == nil {
		err = os.WriteFile(%s, text, 0o600)
	}
	if err != nil {
		panic(err)
	}
}
`, strings.Repeat("\n", max(0, above-1)), line, body, o.Loops, timeitTarget, timeitTarget, o.Runs, strconv.Quote(file))
}
