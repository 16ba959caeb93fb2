package audience

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// read reads what has come for a client, once: the set tells if there is more.
func (a *Audience) read(c *client) {
	n, err := unix.Read(c.fd, a.buffer)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		a.lose(c, fmt.Errorf("read: %w", err))
		return
	case n == 0:
		a.lose(c, errLost)
		return
	}
	now := time.Now().UnixNano()
	a.count.bytes += int64(n)
	c.bytes += int64(n)
	b := a.buffer[:n]
	if len(c.carry) > 0 {
		c.carry = append(c.carry, b...)
		b = c.carry
	}
	was := c.talk
	n, err = c.take(b, &a.options, func(c *client, snapshot []byte) { a.hear(c, snapshot, now) })
	if err != nil {
		a.lose(c, err)
		return
	}
	c.carry = append(c.carry[:0], b[n:]...)
	if was == inHead && c.talk != inHead && a.options.Kind != load.Longpoll {
		a.answered(c)
	}
}

// hear takes a snapshot in.
func (a *Audience) hear(c *client, snapshot []byte, now int64) {
	version, published, ok := a.options.Read(snapshot)
	had := c.version
	switch {
	case !ok || len(snapshot) != a.options.Size || snapshot[len(snapshot)-1] != '}' || version <= had:
		a.state.Strange++
		a.fault(fmt.Errorf("behind version %d came %.60q", had, snapshot))
		version = max(version, had)
	case had > 0:
		a.count.delivered(version, version-had-1, now-published)
		if version > had+1 {
			c.skips++
		}
	}
	c.version = version
	c.messages++
	a.waiting.heard(c, had)
	if a.options.Kind == load.Longpoll {
		if had == 0 {
			a.answered(c)
		}
		a.asks = append(a.asks, c)
	}
}

// askAgain lets some of those ask again who were answered.
func (a *Audience) askAgain() {
	n := min(len(a.asks), askBatch)
	for _, c := range a.asks[:n] {
		if !c.closed {
			a.ask(c)
		}
	}
	if a.asks = a.asks[n:]; len(a.asks) == 0 {
		a.asks = nil
	}
}

func (a *Audience) ask(c *client) {
	a.request = c.appendRequest(a.request[:0], &a.options)
	if err := c.send(a.request); err != nil {
		a.lose(c, err)
	}
}

// send writes to the server, who reads all the time: there is room.
func (c *client) send(b []byte) error {
	n, err := unix.Write(c.fd, b)
	if err == nil && n < len(b) {
		err = unix.EAGAIN
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// lose notes a client that did not leave by itself.
func (a *Audience) lose(c *client, err error) {
	a.close(c, true)
	a.state.Dropped++
	a.fault(err)
	a.waiting.lost(c)
	a.joining.lost(c)
}

// close closes a client's connection: with a reset, or politely.
func (a *Audience) close(c *client, reset bool) {
	a.clients[c.fd], c.closed = nil, true
	hangUp(c.fd, reset)
}

func hangUp(fd int, reset bool) {
	if reset {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(fd)
}
