package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	// acceptPause is how long to wait after the system ran out of something;
	// it doubles up to acceptPauseMax.
	acceptPause    = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// listener accepts connections through the gate, and survives the system's
// running out of descriptors or memory: fasthttp would stop serving.
type listener struct {
	net.Listener
	tls  *tls.Config // nil: clients speak plain HTTP
	gate *gate
	log  *slog.Logger
	done chan struct{} // closed with the listener
	once sync.Once

	// Of Accept.
	told   time.Time // when it was told last that it fails
	untold int       // how often it did since

	// elsewhere takes a connection that is somebody else's to serve, and reports
	// whether it has; nil takes none.
	elsewhere func(*conn) bool
}

func newListener(l net.Listener, g *gate, log *slog.Logger) *listener {
	return &listener{Listener: l, gate: g, log: log, done: make(chan struct{})}
}

// Accept returns the next connection; io.EOF after Close.
func (l *listener) Accept() (net.Conn, error) {
	pause := acceptPause
	for {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			if admitted := l.admit(c); admitted != nil {
				return admitted, nil
			}
			continue
		case !isShortage(err):
			return nil, io.EOF
		}
		if isExhaustion(err) {
			l.gate.hit(limitOpenFiles)
			if l.gate.makeRoom() {
				continue
			}
		}
		l.short(err)
		select {
		case <-time.After(pause):
		case <-l.done:
			return nil, io.EOF
		}
		pause = min(2*pause, acceptPauseMax)
	}
}

// short tells that connections cannot be accepted, now and then. Accept is called by
// one goroutine.
func (l *listener) short(err error) {
	l.untold++
	if now := time.Now(); now.Sub(l.told) >= alarmPause {
		l.log.Warn("cannot accept connections; raise the limit on open files", "error", err, "times", l.untold)
		l.told, l.untold = now, 0
	}
}

// admit returns a connection that is to be served here, or nil.
func (l *listener) admit(c net.Conn) net.Conn {
	if l.tls != nil {
		c = newSecret(c, l.tls)
	}
	admitted := l.gate.admit(c)
	if admitted == nil {
		_ = c.Close()
		return nil
	}
	boundUnacked(c, admitted.writeTimeout)
	if l.elsewhere != nil && l.elsewhere(admitted) {
		return nil
	}
	return admitted
}

// Close stops accepting.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// isExhaustion reports whether a descriptor is what lacks.
func isExhaustion(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// isShortage reports whether accepting may work again later.
func isShortage(err error) bool {
	for _, shortage := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}
