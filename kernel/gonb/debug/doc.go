// Package debug is the debugger of Go cells: it answers the debug requests of Jupyter front ends by Delve.
//
// While the debugger is on, the program of a cell is built without optimization, its lines carry the names of the files by
// which front ends know cells, and in its place GoNB starts a launcher, which runs Delve with the cell's input and output.
// Delve connects to the kernel's socket, so that a program has one debugger, which ends with it. Between the cells there is
// none: breakpoints are kept, and the variables shown are those that the kernel keeps.
//
// The Debug Adapter Protocol is described at https://microsoft.github.io/debug-adapter-protocol, Jupyter's additions at
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#debug-request.
package debug
