package audience

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Audience is clients of one server. Its methods may be called from one goroutine,
// and block until they are done.
type Audience struct {
	options Options
	orders  chan func() // run by the loop
	wakes   int         // an eventfd
	done    chan struct{}

	// Of the loop, which runs until closing.
	poll    int // an epoll set
	closing bool
	server  unix.SockaddrInet4
	clients []*client // by descriptor, nil where there is none
	joined  int
	vacant  []int // numbers of those who were replaced
	buffer  []byte
	request []byte
	asks    []*client // who ask again, in order
	joining joining
	waiting *waiting
	count   counters
	state   State
	churn   *churn
}

// New starts an audience without clients. The caller must Close it.
func New(o Options) (*Audience, error) {
	server, err := parseAddress(o.Address)
	if err != nil {
		return nil, err
	}
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create an epoll set: %w", err)
	}
	wakes, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(poll)
		return nil, fmt.Errorf("create an eventfd: %w", err)
	}
	o.unpacker = newUnpacker(o.Coding)
	a := &Audience{
		options: o, orders: make(chan func(), 1), wakes: wakes, done: make(chan struct{}),
		poll: poll, server: server, buffer: make([]byte, readSize),
	}
	a.count.reset()
	if err := a.watch(wakes, unix.EPOLL_CTL_ADD); err != nil {
		return nil, errors.Join(err, unix.Close(poll), unix.Close(wakes))
	}
	go a.run() // waited for by Close
	return a, nil
}

// readSize is how much is read at once. Most reads find one message.
const readSize = 256 << 10

// do has the loop run f, and waits until it has.
func (a *Audience) do(f func()) {
	done := make(chan struct{})
	a.orders <- func() { f(); close(done) }
	a.wake()
	select {
	case <-done:
	case <-a.done:
	}
}

func (a *Audience) wake() { _, _ = unix.Write(a.wakes, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// Close ends all conversations at once, and the loop.
func (a *Audience) Close() {
	a.do(func() { a.closing = true })
	<-a.done
}

// Events that are taken at once, and requests that are sent between two looks.
const (
	events   = 256
	askBatch = 8
)

// run is the loop.
func (a *Audience) run() {
	runtime.LockOSThread()
	defer close(a.done)
	ready := make([]unix.EpollEvent, events)
	for !a.closing {
		n, err := unix.EpollWait(a.poll, ready, a.pause())
		if err != nil && err != unix.EINTR {
			a.fault(fmt.Errorf("wait for events: %w", err))
			break
		}
		for _, e := range ready[:max(n, 0)] {
			a.event(e.Fd)
		}
		if n <= 0 {
			a.askAgain()
		}
		a.arrive()
		a.comeAndGo(time.Now())
		a.waiting.look(a)
	}
	a.leave()
}

// pause is how long the loop may sleep, in milliseconds; -1 is until something
// happens.
func (a *Audience) pause() int {
	switch {
	case len(a.asks) > 0 || a.joining.more():
		return 0
	case a.churn != nil:
		return 1
	}
	return -1
}

func (a *Audience) event(fd int32) {
	if int(fd) == a.wakes {
		a.obey()
		return
	}
	if c := a.clients[fd]; c != nil {
		a.read(c)
	}
}

// obey runs what was sent to the loop.
func (a *Audience) obey() {
	var b [8]byte
	_, _ = unix.Read(a.wakes, b[:])
	for {
		select {
		case f := <-a.orders:
			f()
		default:
			return
		}
	}
}

// leave closes everything, without a farewell: ports are free at once.
func (a *Audience) leave() {
	for _, c := range a.clients {
		if c != nil {
			hangUp(c.fd, true)
		}
	}
	_, _ = unix.Close(a.poll), unix.Close(a.wakes)
}

func (a *Audience) watch(fd, how int) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(fd)}
	if err := unix.EpollCtl(a.poll, how, fd, &e); err != nil {
		return fmt.Errorf("watch a descriptor: %w", err)
	}
	return nil
}

// fault notes what is wrong.
func (a *Audience) fault(err error) {
	if a.state.First == "" {
		a.state.First = err.Error()
	}
}
