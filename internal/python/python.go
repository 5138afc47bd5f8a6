// Package python builds the arguments with which the project starts a Python interpreter.
//
// After -c and -m an interpreter imports from the current folder first, so that a json.py or a pip/ in somebody's folder of
// images would run. The option -P, which leaves the current folder out, is only known from Python 3.11 on; what stands here
// works with every version, since sys is built in and nothing else is imported before the folder is taken out.
package python

import "strings"

// leaveOut takes the current folder out of the folders that modules come from. With PYTHONSAFEPATH it is not there.
const leaveOut = `import sys
if sys.path[:1] == [""]: del sys.path[0]
`

// runModule does what -m does.
const runModule = leaveOut + `import runpy
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
`

// Code is the arguments that run a script with arguments of its own.
func Code(script string, args ...string) []string {
	return append([]string{"-c", leaveOut + script}, args...)
}

// Module is the arguments that run a module with arguments of its own.
func Module(name string, args ...string) []string {
	return append([]string{"-c", runModule, name}, args...)
}

// Show is a command line for people, as short as one would type it.
func Show(interpreter string, args []string) string {
	if len(args) > 2 && args[0] == "-c" && args[1] == runModule {
		args = append([]string{"-P", "-m"}, args[2:]...)
	} else if len(args) > 1 && args[0] == "-c" {
		args = append([]string{"-P", "-c", "..."}, args[2:]...)
	}
	return interpreter + " " + strings.Join(args, " ")
}
