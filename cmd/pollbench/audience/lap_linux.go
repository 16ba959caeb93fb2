package audience

import "golang.org/x/sys/unix"

// Begin forgets what was counted.
func (a *Audience) Begin() { a.do(a.count.reset) }

// Lap returns what was counted since Begin.
func (a *Audience) Lap() (l Lap) {
	a.do(func() { l = a.count.lap() })
	return l
}

// State returns how things are.
func (a *Audience) State() (s State) {
	a.do(func() { s = a.state })
	return s
}

// Stop lets those with small buffers read no more, and returns how many they are.
func (a *Audience) Stop() (n int) {
	a.do(func() {
		for _, c := range a.clients {
			if c != nil && c.tight && !c.stopped && a.watch(c.fd, unix.EPOLL_CTL_DEL) == nil {
				c.stopped, c.skips = true, 0
				n++
			}
		}
	})
	return n
}

// Resume lets those who stopped read again, and returns when all of them have the
// version, which is the newest. Behind what the kernel had of older ones when they
// began to read again, nothing else may come.
func (a *Audience) Resume(version int64) (r Resumed, s State, err error) {
	var those []*client
	a.do(func() { those, err = a.goOn() })
	if err != nil {
		return r, s, err
	}
	s, err = a.Await(version)
	a.do(func() {
		for _, c := range those {
			r.Readers++
			if c.skips > 0 {
				r.Blocked++
			}
			if c.version != version || c.messages > c.underWay()+1 {
				r.Wrong++
			}
		}
	})
	return r, s, err
}

// goOn lets those read who stopped.
func (a *Audience) goOn() (those []*client, err error) {
	queues, err := queued(uint16(a.server.Port))
	if err != nil {
		return nil, err
	}
	for _, c := range a.clients {
		if c == nil || !c.stopped {
			continue
		}
		c.stopped, c.bytes, c.messages, c.queued = false, 0, 0, queues[c.port()]
		those = append(those, c)
		if err := a.watch(c.fd, unix.EPOLL_CTL_ADD); err != nil {
			return nil, err
		}
	}
	return those, nil
}

// underWay is how many messages the kernel can have had a part of. The first and the
// last of them may not have been whole.
func (c *client) underWay() int64 {
	wire := c.bytes / max(c.messages, 1)
	return c.queued/max(wire, 1) + 2
}

// port is the client's own.
func (c *client) port() uint16 {
	name, err := unix.Getsockname(c.fd)
	at, ok := name.(*unix.SockaddrInet4)
	if err != nil || !ok {
		return 0
	}
	return uint16(at.Port)
}
