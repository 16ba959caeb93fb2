package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Two processes may listen on one address (SO_REUSEPORT). Each has a queue of its own
// of clients to accept, and the kernel gives each new client to one of them. When one
// closes its socket, whoever waits in its queue is reset: of a flood of connections
// that was some twenty each time. So before a process closes a socket it has the
// kernel send new clients to the other one only, by a program that says which
// (SO_ATTACH_REUSEPORT_CBPF), and goes on accepting for a while.
//
// The kernel knows sockets by a number: the order in which they began to listen, and
// one that leaves gives its number to the last. Of two, the elder has 0 and the
// younger 1. A process that came second is the elder once those that it found are
// gone. What more than two would make of it, nobody can say: then some may be reset.

// reused is a socket on an address that another process may have as well.
type reused struct {
	raw    syscall.RawConn
	port   int
	inode  uint64
	elders map[uint64]bool // inodes of those that listened there before
}

// listenReusing listens on an address that another process may listen on.
func listenReusing(address string) (net.Listener, *reused, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	r := &reused{elders: listenersOn(at.Port)}
	if at.Port == 0 {
		r.elders = nil
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		return errors.Join(err, failed)
	}}
	config.SetMultipathTCP(false) // which takes no programs
	l, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	if err := r.know(l.(*net.TCPListener)); err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	return l, r, nil
}

// reusedOf is what there is to know of a socket that was taken over. It is nil if no
// other process may listen there, or one does: which of the two is the elder, only the
// process before this one knew.
func reusedOf(taken net.Listener) *reused {
	l, ok := taken.(*net.TCPListener)
	if !ok || !mayBeReused(l) {
		return nil
	}
	r := &reused{}
	if err := r.know(l); err != nil {
		return nil
	}
	for inode := range listenersOn(r.port) {
		if inode != r.inode {
			return nil
		}
	}
	return r
}

func mayBeReused(l *net.TCPListener) bool {
	on := 0
	if raw, err := l.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { on, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT) })
	}
	return on != 0
}

// know looks at the socket. A program of those who were here before sends clients to
// whoever has the number of this one now: it goes.
func (r *reused) know(l *net.TCPListener) (err error) {
	r.port = l.Addr().(*net.TCPAddr).Port
	if r.raw, err = l.SyscallConn(); err != nil {
		return err
	}
	var failed error
	err = r.raw.Control(func(fd uintptr) {
		var stat unix.Stat_t
		if failed = unix.Fstat(int(fd), &stat); failed == nil {
			r.inode = stat.Ino
		}
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_REUSEPORT_BPF, 0) // usually there is none
	})
	return errors.Join(err, failed)
}

// steerAway has new clients come to the other process. It reports whether there is
// one.
func (r *reused) steerAway() bool {
	other, to := false, uint32(1)
	for inode := range listenersOn(r.port) {
		other = other || inode != r.inode
		if r.elders[inode] {
			to = 0
		}
	}
	if !other {
		return false
	}
	program := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: to}}
	_ = r.raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &unix.SockFprog{Len: 1, Filter: &program[0]})
	})
	return true
}

// listenersOn are the inodes of the sockets that listen on a port, of whatever address.
func listenersOn(port int) map[uint64]bool {
	found := map[uint64]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		suffix := fmt.Sprintf(":%04X", port)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			// proc_net_tcp(5): those that listen (0A) come first.
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[0] == "sl" {
				continue
			}
			if fields[3] != "0A" {
				break
			}
			if inode, err := strconv.ParseUint(fields[9], 10, 64); err == nil && strings.HasSuffix(fields[1], suffix) {
				found[inode] = true
			}
		}
		_ = f.Close()
	}
	return found
}
