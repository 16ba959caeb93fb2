// Package nowait reads from and writes to sockets that do not block. It tells the
// scheduler nothing, since nothing waits, and goes round the layer of files: of a
// small write that is a twentieth.
//
// The package is a leaf.
package nowait
