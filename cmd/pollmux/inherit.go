package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// A process may be given the sockets that it is to listen on.
//
//	systemd  ── LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; from descriptor 3 on
//	pollmux  ── POLLMUX_SOCKETS, a line for each: part, address; from descriptor 4 on,
//	            and on 3 the process before this one waits to hear that it is ready
//
// Such a socket, with all clients that wait in it to be accepted, lives for as long as
// anybody has it: nobody who connects meanwhile is turned away.
const (
	socketsVariable = "POLLMUX_SOCKETS"
	firstInherited  = 3
)

// inheritance are the sockets that this process was given. The zero value is none.
type inheritance struct {
	heirlooms []*heirloom
	before    *os.File // is told when this process is ready; nil if nobody is replaced
}

// heirloom is a socket that was passed on.
type heirloom struct {
	net.Listener
	name  string // "part address", or what systemd calls it
	taken bool
}

// inherit takes what the environment says was passed, out of the environment as well.
func inherit() (*inheritance, error) {
	in := &inheritance{}
	if lines, ok := os.LookupEnv(socketsVariable); ok {
		_ = os.Unsetenv(socketsVariable)
		in.before = os.NewFile(firstInherited, "predecessor")
		return in, in.open(firstInherited+1, strings.Split(lines, "\n"))
	}
	return in, in.open(firstInherited, fromSystemd())
}

// fromSystemd are the names of the sockets that systemd passes (sd_listen_fds(3)).
func fromSystemd() []string {
	pid, count, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(name)
	}
	n, err := strconv.Atoi(count)
	if err != nil || n <= 0 || pid != strconv.Itoa(os.Getpid()) {
		return nil
	}
	all := make([]string, n)
	copy(all, strings.Split(names, ":"))
	return all
}

func (in *inheritance) open(first int, names []string) error {
	for i, name := range names {
		file := os.NewFile(uintptr(first+i), name)
		l, err := net.FileListener(file)
		_ = file.Close()
		if err != nil {
			in.close()
			return fmt.Errorf("the socket that was passed as descriptor %d (%q) is none to listen on: %w: pass TCP sockets only (ListenStream=)", first+i, name, err)
		}
		in.heirlooms = append(in.heirlooms, &heirloom{Listener: l, name: name})
	}
	return nil
}

// take returns the socket for an address that was passed, nil if none was.
func (in *inheritance) take(part, address string) net.Listener {
	for _, fits := range []func(*heirloom) bool{
		func(h *heirloom) bool { return h.name == part+" "+address },
		func(h *heirloom) bool { return h.mayBe(part) && isAt(h.Addr(), address) },
	} {
		for _, h := range in.heirlooms {
			if !h.taken && fits(h) {
				h.taken = true
				return h.Listener
			}
		}
	}
	return nil
}

// mayBe reports whether nothing in its name speaks against a part.
func (h *heirloom) mayBe(part string) bool {
	own, _, handedOver := strings.Cut(h.name, " ")
	if handedOver {
		return own == part
	}
	return h.name != forAdmin || part == forAdmin
}

// isAt reports whether a socket is where an address points to.
func isAt(a net.Addr, address string) bool {
	at, ok := a.(*net.TCPAddr)
	wanted, err := net.ResolveTCPAddr("tcp", address)
	if !ok || err != nil || at.Port != wanted.Port {
		return false
	}
	has, _ := netip.AddrFromSlice(at.IP)
	want, given := netip.AddrFromSlice(wanted.IP)
	has, want = has.Unmap(), want.Unmap()
	everywhere := !given || want.IsUnspecified()
	return has == want || everywhere && has.IsUnspecified()
}

// leftover closes what nobody has taken. It is an error if systemd passed it: clients
// that connect there would never be answered. A configuration that was changed may
// well have done without a socket of the process before.
func (in *inheritance) leftover() error {
	var all []error
	for _, h := range in.heirlooms {
		if h.taken {
			continue
		}
		_ = h.Close()
		if in.before == nil {
			all = append(all, fmt.Errorf("systemd passed the socket %s (%q), which is neither in listen nor admin.listen: have the configuration and ListenStream= agree", h.Addr(), h.name))
		}
	}
	return errors.Join(all...)
}

// close gives everything up.
func (in *inheritance) close() {
	for _, h := range in.heirlooms {
		_ = h.Close()
	}
	if in.before != nil {
		_ = in.before.Close()
	}
}

// ready tells the process before this one, if there is one, that it may go.
func (in *inheritance) ready() {
	if in.before != nil {
		_, _ = in.before.WriteString(readyWord)
		_ = in.before.Close()
		in.before = nil
	}
}

// readyWord is what a process says once it serves.
const readyWord = "ready\n"
