//go:build unix && (race || !(linux && (amd64 || arm64)))

package nowait

import "syscall"

// These tell the race detector, too, what was written before something was read.

// Read is read(2) on a socket that does not block: it fails with EAGAIN where
// that would wait.
func Read(fd int, p []byte) (n int, err error) { return again(syscall.Read, fd, p) }

// Write is write(2) on a socket that does not block.
func Write(fd int, p []byte) (n int, err error) { return again(syscall.Write, fd, p) }

// again repeats a call as long as it is interrupted.
func again(call func(int, []byte) (int, error), fd int, p []byte) (n int, err error) {
	for {
		if n, err = call(fd, p); err != syscall.EINTR {
			return max(n, 0), err // it is -1 with an error
		}
	}
}
