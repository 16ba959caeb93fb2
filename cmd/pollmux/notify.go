package main

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// manager is the system's manager of services, if it wants to be told how this one is
// (sd_notify(3)). Nobody is told where there is none.
type manager struct {
	socket   string
	watchdog time.Duration // how often it has to hear that the process is alive; 0: never
}

// newManager reads what systemd says in the environment, and takes it out: no child is
// to speak for this process.
func newManager() *manager {
	m := &manager{socket: os.Getenv("NOTIFY_SOCKET")}
	pid, ours := os.LookupEnv("WATCHDOG_PID")
	if n, err := strconv.Atoi(os.Getenv("WATCHDOG_USEC")); err == nil && n > 0 && (!ours || pid == strconv.Itoa(os.Getpid())) {
		m.watchdog = time.Duration(n) * time.Microsecond
	}
	return m
}

// tell sends lines such as READY=1. It does not wait, nor fail.
func (m *manager) tell(lines ...string) {
	if m.socket == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.socket, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = c.Write([]byte(strings.Join(lines, "\n")))
}

// beat tells the watchdog that the process is alive until ctx ends. It blocks.
func (m *manager) beat(ctx context.Context) {
	if m.socket == "" || m.watchdog <= 0 {
		return
	}
	ticker := time.NewTicker(m.watchdog / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.tell("WATCHDOG=1")
		case <-ctx.Done():
			return
		}
	}
}
