//go:build unix

package child

import "syscall"

// write writes a message with a bare write(2), unless the client is slow.
func (r *receiver) write(b []byte) error {
	n, err := syscall.Write(r.fd, b)
	if n == len(b) {
		return nil
	}
	if err != nil && err != syscall.EAGAIN && err != syscall.EINTR {
		return err
	}
	_, err = r.conn.Write(b[max(n, 0):])
	return err
}
