//go:build unix && !(linux && (amd64 || arm64))

package origin

import "golang.org/x/sys/unix"

func readNow(fd int, p []byte) (n int, err error)  { return again(unix.Read, fd, p) }
func writeNow(fd int, p []byte) (n int, err error) { return again(unix.Write, fd, p) }

// again repeats a call as long as it is interrupted.
func again(call func(int, []byte) (int, error), fd int, p []byte) (n int, err error) {
	for {
		if n, err = call(fd, p); err != unix.EINTR {
			return n, err
		}
	}
}
