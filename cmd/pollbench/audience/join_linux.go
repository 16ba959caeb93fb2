package audience

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// arrivals is how many may be without an answer at a time: fewer than any server's
// backlog.
const arrivals = 100

// joining is clients on their way in.
type joining struct {
	left    int // who have not connected yet
	pending int // who have not been answered yet
	done    chan struct{}
}

func (j *joining) more() bool { return j.left > 0 && j.pending < arrivals }

// Join connects n clients. It returns when the last of them has been answered: with
// the head of a stream, or with a snapshot.
func (a *Audience) Join(n int) (State, error) {
	done := make(chan struct{})
	a.do(func() { a.joining = joining{left: n, done: done} })
	return a.within(done, func() { a.joining = joining{} })
}

// arrive connects some more.
func (a *Audience) arrive() {
	for a.joining.more() {
		a.joining.left--
		a.joining.pending++
		c, err := a.connect(false)
		if err != nil {
			a.state.Dropped++
			a.fault(err)
			a.joining.pending--
			continue
		}
		if a.options.Kind == "" { // nobody answers
			a.answered(c)
		}
	}
	if j := &a.joining; j.done != nil && j.left == 0 && j.pending == 0 {
		close(j.done)
		j.done = nil
	}
}

// connect connects one client, and lets it say what it says first, or half of it.
func (a *Audience) connect(half bool) (*client, error) {
	c := &client{number: a.number()}
	c.tight = a.options.Tight > 0 && c.number%a.options.Tight == 0
	if a.options.Kind == "" {
		c.talk = inStream
	}
	var err error
	if c.fd, err = a.dial(c.tight); err != nil {
		return nil, err
	}
	request := c.appendRequest(a.request[:0], &a.options)
	if half {
		request = request[:len(request)/2]
	}
	a.request = request[:0]
	if err = c.send(request); err == nil {
		err = a.watch(c.fd, unix.EPOLL_CTL_ADD)
	}
	if err != nil {
		_ = unix.Close(c.fd)
		return nil, err
	}
	a.clients = append(a.clients, make([]*client, max(0, c.fd+1-len(a.clients)))...)
	a.clients[c.fd] = c
	return c, nil
}

// number is the next client's.
func (a *Audience) number() int {
	if last := len(a.vacant) - 1; last >= 0 {
		defer func() { a.vacant = a.vacant[:last] }()
		return a.vacant[last]
	}
	a.joined++
	return a.joined - 1
}

// Replace has new clients come for those with small buffers, whose connections the
// kernel may have given larger ones meanwhile.
func (a *Audience) Replace() (State, error) {
	n := 0
	a.do(func() {
		for _, c := range a.clients {
			if c != nil && c.tight {
				a.vacant = append(a.vacant, c.number)
				a.close(c, true)
				n++
			}
		}
		a.state.Held -= n
	})
	return a.Join(n)
}

// Small buffers are those of somebody who is far away and takes little at once.
const (
	smallWindow  = 4 << 10
	smallSegment = 536 // the least that everybody must take (RFC 9293 section 3.7.1)
)

func (a *Audience) dial(tight bool) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open a socket: %w", err)
	}
	if tight {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, smallWindow)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, smallSegment)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err := unix.Connect(fd, &a.server); err != nil {
		_ = unix.Close(fd)
		return 0, fmt.Errorf("connect: %w", err)
	}
	return fd, unix.SetNonblock(fd, true)
}

func parseAddress(address string) (unix.SockaddrInet4, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Is4() {
		return unix.SockaddrInet4{}, fmt.Errorf("%q is not an IPv4 address with a port", address)
	}
	return unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}, nil
}

// answered notes that a client has arrived.
func (a *Audience) answered(c *client) {
	c.arrived = true
	a.state.Held++
	if a.joining.pending > 0 {
		a.joining.pending--
	}
}

// lost notes that a client will not arrive any more.
func (j *joining) lost(c *client) {
	if !c.arrived && j.pending > 0 {
		j.pending--
	}
}
