package gonb_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// A snippet is a program by its statements, which may be cut into cells between any two.
type snippet struct {
	statements []string
	names      []string // variables that they declare
}

// programsDeclarations are what the programs of a batch share.
const programsDeclarations = `type node struct {
	value int
	next  *node
	list  []int
	what  any
}

func (n *node) sum() int {
	total := 0
	for at, steps := n, 0; at != nil && steps < 10; at, steps = at.next, steps+1 {
		total += at.value
	}
	return total
}

type shape interface{ area() float64 }
type square struct{ side float64 }
type circle struct{ radius float64 }

func (s square) area() float64  { return s.side * s.side }
func (c *circle) area() float64 { return 3 * c.radius * c.radius }

func double(x int) int { return 2 * x }
func negate(x int) int { return -x }
`

// TestCutProgramsPrintWhatWholeOnesDo cuts programs into cells at random and compares what they print with what they print
// as a whole. The programs of a batch run beside each other in the same cells, for the sake of time.
func TestCutProgramsPrintWhatWholeOnesDo(t *testing.T) {
	batches := 4
	if os.Getenv("HEADSTART_SLOW") != "" {
		batches = 20
	}
	const perBatch, cells = 50, 4
	nb := open(t)
	for batch := range batches {
		random := rand.New(rand.NewPCG(uint64(batch), 22))
		var programs []snippet
		if batch == 0 {
			programs = examples()
		}
		for len(programs) < perBatch {
			g := &generator{random: random, suffix: fmt.Sprintf("_%d", len(programs))}
			programs = append(programs, g.program())
		}
		compareCut(nb, random, programs, cells)
		nb.ok("%reset")
	}
}

func compareCut(nb *notebook, random *rand.Rand, programs []snippet, cells int) {
	nb.t.Helper()
	parts := make([]strings.Builder, cells)
	var functions, whole strings.Builder
	parts[0].WriteString(programsDeclarations)
	for i, p := range programs {
		cuts := []int{0, len(p.statements)}
		for range cells - 1 {
			cuts = append(cuts, random.IntN(len(p.statements)+1))
		}
		slices.Sort(cuts)
		for c := range cells {
			for _, statement := range p.statements[cuts[c]:cuts[c+1]] {
				parts[c].WriteString(tagged(i, statement))
			}
		}
		for _, statement := range p.statements {
			if strings.HasPrefix(statement, "func ") {
				functions.WriteString(statement + "\n")
				continue
			}
			whole.WriteString(tagged(i, statement))
		}
		for _, name := range p.names {
			whole.WriteString("_ = " + name + "\n")
		}
	}
	want := byProgram(nb.ok(programsDeclarations + functions.String() + "%%\n" + whole.String()))
	var got strings.Builder
	for c := range cells {
		if code := parts[c].String(); strings.TrimSpace(code) != "" {
			got.WriteString(nb.ok(code + "fmt.Print()\n"))
		}
	}
	found := byProgram(got.String())
	for i, p := range programs {
		if found[i] != want[i] || want[i] == "" {
			nb.t.Errorf("in cells a program prints\n%s\nas a whole\n%s\n%s", found[i], want[i], strings.Join(p.statements, "\n"))
		}
	}
}

// tagged begins each printed line with the number of the program.
func tagged(program int, statement string) string {
	return strings.ReplaceAll(statement, "print(", fmt.Sprintf("fmt.Println(\"#%d\", ", program)) + "\n"
}

func byProgram(output string) map[int]string {
	found := map[int]string{}
	for line := range strings.Lines(output) {
		var number int
		if _, err := fmt.Sscanf(line, "#%d", &number); err == nil {
			found[number] += line
		}
	}
	return found
}

// generator makes a random program of variables that share memory.
type generator struct {
	random *rand.Rand
	suffix string
	count  int
	vars   map[string][]string // names by kind
	out    snippet
}

func (g *generator) add(format string, args ...any) {
	g.out.statements = append(g.out.statements, fmt.Sprintf(format, args...))
}

func (g *generator) declare(kind string) string {
	name := fmt.Sprintf("%s%d%s", kind, g.count, g.suffix)
	g.count++
	g.vars[kind] = append(g.vars[kind], name)
	g.out.names = append(g.out.names, name)
	return name
}

func (g *generator) pick(kind string) string { return g.vars[kind][g.random.IntN(len(g.vars[kind]))] }

func (g *generator) number() int { return g.random.IntN(100) }

// listLength is the length of all slices of the program, so that each index is valid.
const listLength = 4

func (g *generator) program() snippet {
	g.vars = map[string][]string{}
	// One of each kind, so that each step has something to work with.
	g.add("%s := %d", g.declare("i"), g.number())
	g.add("%s := []int{%d, %d, %d, %d}", g.declare("l"), g.number(), g.number(), g.number(), g.number())
	first := g.pick("i")
	g.add("%s := &%s", g.declare("p"), first)
	g.add("%s := map[string]int{\"a\": %d}", g.declare("m"), g.number())
	g.add("%s := &node{value: %d}", g.declare("n"), g.number())
	g.add("var %s any = %d", g.declare("a"), g.number())
	g.add("%s := double", g.declare("f"))
	g.add("var %s shape = square{%d}", g.declare("s"), g.number())
	for range 14 {
		g.step()
	}
	for _, kind := range []string{"i", "l", "m", "a"} {
		for _, name := range g.vars[kind] {
			if kind == "a" {
				g.add("switch v := %s.(type) {\ncase int, []int, string, map[string]int:\n\tprint(v)\ncase *node:\n\tprint(v.sum(), v.list)\ncase func(int) int:\n\tprint(v(3))\n}", name)
				continue
			}
			g.add("print(%s)", name)
		}
	}
	for _, name := range g.vars["p"] {
		g.add("print(*%s, %s == &%s, %s == &%s[1])", name, name, first, name, g.pick("l"))
	}
	for _, name := range g.vars["n"] {
		g.add("print(%s.sum(), %s.list, %s.next == %s)", name, name, name, g.pick("n"))
	}
	g.add("print(%s(5), %s.area())", g.pick("f"), g.pick("s"))
	return g.out
}

func (g *generator) step() {
	switch g.random.IntN(20) {
	case 0:
		old := g.pick("i")
		g.add("%s := %s + %d", g.declare("i"), old, g.number())
	case 1:
		g.add("%s = append(%s[:2:2], %s[2:]...)", g.pick("l"), g.pick("l"), g.pick("l"))
	case 2:
		old := g.pick("l")
		g.add("%s := %s[:]", g.declare("l"), old)
	case 3:
		g.add("%s[%d] = %d", g.pick("l"), g.random.IntN(listLength), g.number())
	case 4:
		old := g.pick("l")
		g.add("%s := &%s[1]", g.declare("p"), old)
	case 5:
		g.add("*%s += %d", g.pick("p"), g.number())
	case 6:
		old := g.pick("p")
		g.add("%s := %s", g.declare("p"), old)
	case 7:
		g.add("%s[\"%c\"] = %s", g.pick("m"), 'a'+g.random.IntN(4), g.pick("i"))
	case 8:
		old := g.pick("m")
		g.add("%s := %s", g.declare("m"), old)
	case 9:
		old := g.pick("n")
		g.add("%s := &node{value: %d, next: %s, list: %s}", g.declare("n"), g.number(), old, g.pick("l"))
	case 10:
		g.add("%s.next = %s", g.pick("n"), g.pick("n"))
	case 11:
		g.add("%s.value++", g.pick("n"))
	case 12:
		old := g.pick("n")
		g.add("%s := &%s.value", g.declare("p"), old)
	case 13:
		kind := []string{"i", "l", "m", "n", "f"}[g.random.IntN(5)]
		g.add("%s = %s", g.pick("a"), g.pick(kind))
	case 14:
		g.add("%s.what = %s", g.pick("n"), g.pick("a"))
	case 15:
		g.add("%s = %s", g.pick("f"), []string{"double", "negate"}[g.random.IntN(2)])
	case 16:
		g.add("for i := range %s {\n\t%s[i] = %s(i)\n}", g.pick("l"), g.pick("l"), g.pick("f"))
	case 17:
		g.add("%s = &circle{%d}", g.pick("s"), g.random.IntN(9))
	case 18:
		g.add("if *%s %% 2 == 0 {\n\t%s = %d\n}", g.pick("p"), g.pick("i"), g.number())
	case 19:
		g.add("%s, %s = %s, %s", g.vars["i"][0], g.vars["l"][0], g.pick("i"), g.pick("l"))
	}
}
