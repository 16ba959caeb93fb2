//go:build !goroutines

package fanout

import (
	"os"

	"golang.org/x/sys/unix"
)

// eventBatch is how many events are fetched at once.
const eventBatch = 256

// poller tells a shard which of its sockets can be read from or written to. Its
// epoll set lies in Go's own poller, so no thread waits for it. Each event of a
// socket is told once, until its interest is set again (EPOLLONESHOT): nothing is
// told of a socket that the shard has given away, but once at most.
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

// set sets what is told of a socket, once.
func (p *poller) set(fd int, generation int32, interest uint32, known bool) error {
	event := unix.EpollEvent{Events: interest | unix.EPOLLONESHOT, Fd: int32(fd), Pad: generation}
	first, second, missing := unix.EPOLL_CTL_ADD, unix.EPOLL_CTL_MOD, unix.EEXIST
	if known {
		first, second, missing = second, first, unix.ENOENT
	}
	err := unix.EpollCtl(p.fd, first, fd, &event)
	if err == missing {
		// The number belongs to another socket by now, or to the same again.
		err = unix.EpollCtl(p.fd, second, fd, &event)
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// close ends run.
func (p *poller) close() { _ = p.file.Close() }
