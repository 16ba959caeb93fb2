//go:build linux && !goroutines

package fanout

import (
	"io"

	"golang.org/x/sys/unix"

	"github.com/pollmux/pollmux/upgrade/nowait"
)

// socket writes to and reads from the sockets of a shard's slots without
// waiting. A socket that was closed meanwhile fails, and its number is never
// taken for that of another (syscall.RawConn). Each operation is a closure made
// once, as one for each call would be allocated.
type socket struct {
	poll   *poller
	buf    [16 << 10]byte
	bytes  []byte // to be written
	n      int
	err    error
	write  func(fd uintptr)
	read   func(fd uintptr)
	finish func(fd uintptr)

	// Of watch.
	op         int
	generation int32
	interest   uint32
	set        func(fd uintptr)
}

func (k *socket) init(poll *poller) {
	k.poll = poll
	k.write = func(fd uintptr) { k.n, k.err = nowait.Write(int(fd), k.bytes) }
	k.read = func(fd uintptr) { k.n, k.err = nowait.Read(int(fd), k.buf[:]) }
	k.set = func(fd uintptr) { k.err = k.poll.set(k.op, int(fd), k.generation, k.interest) }
	k.finish = func(fd uintptr) { k.err = unix.Shutdown(int(fd), unix.SHUT_WR) }
}

// send writes what the client takes now, which may be nothing.
func (k *socket) send(s *slot, p []byte) (int, error) {
	k.bytes = p
	err := s.raw.Control(k.write)
	k.bytes = nil
	switch {
	case err != nil:
		return 0, err
	case k.err == unix.EAGAIN:
		return 0, nil
	case k.err != nil:
		return 0, k.err
	}
	return k.n, nil
}

// receive reads what the client has sent, nothing if it has not; io.EOF if it
// will send no more. The bytes are good until the next call. If they do not fill
// the buffer there are no more for now.
func (k *socket) receive(s *slot) ([]byte, error) {
	err := s.raw.Control(k.read)
	switch {
	case err != nil:
		return nil, err
	case k.err == unix.EAGAIN:
		return nil, nil
	case k.err != nil:
		return nil, k.err
	case k.n == 0:
		return nil, io.EOF
	}
	return k.buf[:k.n], nil
}

// shut ends our half of the connection.
func (k *socket) shut(s *slot) { _ = s.raw.Control(k.finish) }

// watch sets what the poller tells of a slot's socket. It fails with net.ErrClosed
// if that is closed.
func (k *socket) watch(s *slot, op int, interest uint32) error {
	k.op, k.generation, k.interest = op, s.generation, interest
	if err := s.raw.Control(k.set); err != nil {
		return err
	}
	return k.err
}
