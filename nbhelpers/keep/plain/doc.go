// Package plain makes the variables of a cell's program last where all of them are booleans, numbers and strings.
//
// Most of what a kept variable costs is the linking of what encodes any value. What is of a predeclared type refers to nothing
// that another variable could share, and needs none of that. So this package reads and writes the files of package keep, whose
// format its documentation has, with nothing but system calls: it imports neither reflect nor fmt nor os, which take the linker
// longer than all of a cell's own code. The program is given package cellvars instead as soon as one of its variables is of
// another type, shares memory, or has a value in a file of its own.
package plain
