//go:build !goroutines

package fanout

import (
	"os"

	"golang.org/x/sys/unix"
)

// eventBatch is how many events are fetched at once.
const eventBatch = 256

// poller tells a shard which of its sockets can be read from or written to. Its
// epoll set lies in Go's own poller, so no thread waits for it. It tells of changes
// only (EPOLLET): a socket is registered once for as long as it is held, however
// much it has to say.
type poller struct {
	file  *os.File
	fd    int
	ready chan []unix.EpollEvent // filled by run
	taken chan struct{}          // the shard has no more use for those
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // which is what has Go poll it
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	return &poller{file: file, fd: fd, ready: make(chan []unix.EpollEvent), taken: make(chan struct{})}, nil
}

// run fetches events until the file is closed.
func (p *poller) run() {
	defer close(p.ready)
	raw, err := p.file.SyscallConn()
	if err != nil {
		return
	}
	var n int
	events := make([]unix.EpollEvent, eventBatch)
	fetch := func(fd uintptr) bool {
		if n, err = unix.EpollWait(int(fd), events, 0); err == unix.EINTR {
			n, err = 0, nil
		}
		return n != 0 || err != nil
	}
	for raw.Read(fetch) == nil && err == nil {
		p.ready <- events[:n]
		<-p.taken
	}
}

// set says what is told of a socket: op is one of unix.EPOLL_CTL_ADD, _MOD and _DEL.
func (p *poller) set(op, fd int, generation int32, interest uint32) error {
	event := unix.EpollEvent{Events: interest | unix.EPOLLET, Fd: int32(fd), Pad: generation}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &event))
}

// close ends run.
func (p *poller) close() { _ = p.file.Close() }
