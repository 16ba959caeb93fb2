package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"time"
)

// ErrNotInstalled is a peer that this machine does not have.
var ErrNotInstalled = errors.New("not installed")

// find returns the path of a program. Those of a system administrator may not be
// in the PATH of a user.
func find(program string) (string, error) {
	for _, name := range []string{program, "/usr/local/sbin/" + program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: %w", program, ErrNotInstalled)
}

// freeAddress returns an address of the loopback interface on which nobody
// listens now. Somebody may before the caller does; such a start has to be
// repeated.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// peer starts somebody else's server on an address and waits until it accepts.
func (s *Stage) peer(ctx context.Context, name, address string, cmd *exec.Cmd) (*Process, error) {
	p, err := s.launch(name, cmd, true)
	if err != nil {
		return nil, err
	}
	p.Address = address
	if err := p.accepts(ctx); err != nil {
		_ = p.Stop()
		return nil, err
	}
	s.processes = append(s.processes, p)
	return p, nil
}

// lookAgain is the pause between two looks at a server that is starting.
const lookAgain = 20 * time.Millisecond

// accepts waits until the process accepts connections.
func (p *Process) accepts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		if c, err := net.DialTimeout("tcp", p.Address, time.Second); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-p.done:
			return p.failure(errEnded)
		case <-ctx.Done():
			return p.failure(ctx.Err())
		}
	}
}

// starts is how often a start is tried that can fail for the address alone.
const starts = 3

// onFreeAddress calls start until it works.
func onFreeAddress(start func(address string) (*Process, error)) (p *Process, err error) {
	for range starts {
		var address string
		if address, err = freeAddress(); err != nil {
			return nil, err
		}
		if p, err = start(address); !errors.Is(err, errEnded) {
			return p, err
		}
	}
	return nil, err
}
