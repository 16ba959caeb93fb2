package proxy

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
)

// short is a listener that runs out of something before each connection.
type short struct {
	errs []error
	next func() (net.Conn, error)
}

func (s *short) Accept() (net.Conn, error) {
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
	}
	return s.next()
}

func (s *short) Close() error   { return nil }
func (s *short) Addr() net.Addr { return nil }

func pipe() (net.Conn, error) {
	ours, _ := net.Pipe()
	return ours, nil
}

func TestAcceptingGoesOnWhenTheSystemRunsOutOfSomething(t *testing.T) {
	for _, shortage := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		synctest.Test(t, func(t *testing.T) {
			hits := map[string]int{}
			var log await.Log
			g := newGate(config.Limits{}, 0, func(limit string) { hits[limit]++ }, func(netip.Addr) bool { return false })
			l := newListener(&short{errs: []error{shortage, shortage, shortage}, next: pipe}, g, slog.New(slog.NewTextHandler(&log, nil)))
			begin := time.Now()
			if _, err := l.Accept(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took != 35*time.Millisecond {
				t.Errorf("%v: after %v", shortage, took)
			}
			want := 0
			if shortage == syscall.EMFILE || shortage == syscall.ENFILE {
				want = 3
			}
			if hits["open_files"] != want || strings.Count(log.String(), "cannot accept") != 1 {
				t.Errorf("%v: %v\n%s", shortage, hits, log.String())
			}
		})
	}
}

func TestAnIdleConnectionGivesItsDescriptorToANewOne(t *testing.T) {
	hits := map[string]int{}
	var log await.Log
	g := newGate(config.Limits{}, 0, func(limit string) { hits[limit]++ }, func(netip.Addr) bool { return false })
	source := &short{next: pipe}
	l := newListener(source, g, slog.New(slog.NewTextHandler(&log, nil)))
	first, _ := l.Accept()
	second, _ := l.Accept()
	clientConn(first).begin()
	source.errs = []error{syscall.EMFILE}
	if _, err := l.Accept(); err != nil || !clientConn(second).isEvicted() || clientConn(first).isEvicted() {
		t.Errorf("%v; the busy one is gone: %v, the idle one: %v", err, clientConn(first).isEvicted(), clientConn(second).isEvicted())
	}
	if hits["open_files"] != 1 || hits["idle_connections"] != 1 || log.String() != "" {
		t.Errorf("%v\n%s", hits, log.String())
	}
}

func TestAClosedListenerDoesNotWaitForDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(config.Limits{}, 0, func(string) {}, func(netip.Addr) bool { return false })
		always := make([]error, 1000)
		for i := range always {
			always[i] = syscall.EMFILE
		}
		l := newListener(&short{errs: always, next: pipe}, g, slog.New(slog.DiscardHandler))
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		time.Sleep(10 * time.Second)
		_ = l.Close()
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}
