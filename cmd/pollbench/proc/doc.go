// Package proc reads what Linux tells about processes in /proc: the CPU time
// and the memory that a server under test has used, with those it has started.
//
// The package is a leaf. It compiles everywhere, and finds nothing on systems
// without /proc.
package proc
