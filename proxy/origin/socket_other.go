//go:build !unix

package origin

import "syscall"

// socket cannot be looked at here, so no connection is used twice: slower, and
// safe.
type socket struct{}

func newSocket(syscall.RawConn) *socket { return &socket{} }

func (*socket) silent() bool { return false }
