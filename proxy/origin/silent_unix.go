//go:build unix

package origin

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// silent looks at a socket without taking anything from it: true means that it
// is open and that no byte waits on it.
func silent(raw syscall.RawConn) bool {
	var err error
	var one [1]byte
	control := raw.Control(func(fd uintptr) {
		_, _, err = unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return control == nil && (err == unix.EAGAIN || err == unix.EWOULDBLOCK)
}
