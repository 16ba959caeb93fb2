package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
)

// straggle is for how long a process goes on to accept clients that new ones are
// steered away from: those whose handshake with the kernel is under way come to it
// still, and one whose last packet is lost sends it again after a second.
const straggle = 3 * time.Second

// leave is how a process goes.
type leave struct {
	config    *config.Config
	sockets   *sockets
	manager   *manager
	program   string
	log       *slog.Logger
	successor int // process ID; 0 if there is none
}

// replace starts a successor, and reports whether it serves, so that this process may go.
// One that fails changes nothing.
func (l *leave) replace(ctx context.Context) bool {
	var err error
	if l.successor, err = handOver(ctx, l.program, l.sockets, l.log); err != nil {
		l.log.Error("there is no successor; this process goes on", "error", err)
	}
	return l.successor != 0
}

// announce tells everybody but clients that the process goes, and gives them time.
// They hear of it in Shutdown.
func (l *leave) announce(p *proxy.Proxy) {
	if l.successor != 0 {
		l.manager.tell(fmt.Sprintf("MAINPID=%d", l.successor))
		_ = l.sockets.admin.Close() // who asks how things are, is to ask the successor
		l.log.Info("draining", "process", l.successor, "timeout", l.config.DrainTimeout)
		return
	}
	l.manager.tell("STOPPING=1")
	p.Fade()
	delay := l.config.DrainDelay
	if l.sockets.steerAway() {
		delay = max(delay, min(straggle, l.config.DrainTimeout/2))
	}
	if delay > 0 {
		l.log.Info("going on for a while, so that clients come elsewhere", "after", delay)
		time.Sleep(delay)
	}
	l.log.Info("draining", "timeout", l.config.DrainTimeout)
}
