package plain

import (
	"strconv"
	"syscall"
)

// Variable is a package-level variable of the program.
type Variable struct {
	Name    string
	Type    string // as the cell's source says it, for listings
	Pointer any    // *T
	Load    bool
	// Use is where the program first uses the loaded value, as line:column. Without the value the program does not run.
	Use string
	// Replaced variables are assigned to before that, so that nothing need be said where the value is not there.
	Replaced bool
	Save     bool
	// Assigned is nil, or becomes true once the variable has its value. A program that ends before keeps the old one.
	Assigned *bool
	// Initialized variables get their values from their declarations where they are not kept, so that nothing need be said.
	Initialized bool
}

// IsSaved tells whether the value at the end of the program is to be kept.
func (v *Variable) IsSaved() bool { return v.Save && (v.Assigned == nil || *v.Assigned) }

// Func is a function that kept values have, by its name as package runtime has it: main.double, strings.ToUpper.
type Func struct {
	Name string
	Func any
}

// Cell is what a program knows of its variables.
type Cell struct {
	Dir       string // of the kept values
	Quota     int64  // bytes that they may take
	Refusal   string // the file that says why the program did not run
	Variables []Variable
	Types     []any // (*T)(nil) for each dynamic type T that kept values have in interfaces
	Funcs     []Func
}

// A Loss is a variable that was not loaded.
type Loss struct {
	Name    string
	Path    string // to the part; empty where the whole store is concerned
	Reason  string
	Changed bool // it was kept as a type that has another structure now
}

// Report says what was lost as the variables were loaded. Unfit are those whose values are of no use any more. Where the program
// uses a variable that has no value, Report does not return: it drops the unfit and ends the program before its statements run,
// which would take the zero value for the kept one.
func Report(cell Cell, lost []Loss, drop func(unfit []string)) {
	saved, replaced := map[string]bool{}, map[string]bool{}
	for _, v := range cell.Variables {
		saved[v.Name] = saved[v.Name] || v.Save
		replaced[v.Name] = replaced[v.Name] || v.Replaced
	}
	refused, used := firstUse(cell.Variables, lost)
	var unfit []string
	for i, loss := range lost {
		switch {
		case i == refused || refused < 0 && replaced[loss.Name]:
		case loss.Name == "":
			Say("variables are not available: " + loss.text())
		default:
			Say(loss.Name + " is not available: " + loss.text())
		}
		if loss.Changed && (refused >= 0 || !saved[loss.Name]) { // nothing will replace it
			unfit = append(unfit, loss.Name)
		}
	}
	if len(unfit) > 0 {
		drop(unfit)
	}
	if refused < 0 {
		return
	}
	why := used.Name + " has no value: " + lost[refused].Reason + "; assign to it first, or run the cell that sets it again"
	if err := writeFile(cell.Refusal, syscall.O_TRUNC, []byte(used.Use+" "+why)); err != nil {
		Say(why)
	}
	syscall.Exit(1)
}

func (l Loss) text() string {
	if l.Path == "" {
		return l.Reason
	}
	return l.Path + ": " + l.Reason
}

// firstUse is the loss of the variable that the program uses first, and that variable; -1 where it uses none of those that are
// lost.
func firstUse(variables []Variable, lost []Loss) (first int, used Variable) {
	first = -1
	var line, column int
	for i, loss := range lost {
		for _, v := range variables {
			if loss.Name != "" && v.Name != loss.Name || v.Use == "" {
				continue
			}
			l, c := place(v.Use)
			if first < 0 || l < line || l == line && c < column {
				first, line, column, used = i, l, c, v
			}
		}
	}
	return first, used
}

// place reads line:column.
func place(use string) (line, column int) {
	for i := range len(use) {
		if use[i] == ':' {
			line, _ = strconv.Atoi(use[:i]) // the kernel has written both
			column, _ = strconv.Atoi(use[i+1:])
		}
	}
	return line, column
}

// Say writes a line for the user; a program whose standard error is closed has nobody to tell.
func Say(line string) { _, _ = syscall.Write(syscall.Stderr, []byte(line+"\n")) }
