//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A new binary takes over while the old one serves:
//
//	SIGUSR2 ─► old ── starts, with its sockets ──► new: reads its configuration,
//	            │                                  serves on the same sockets
//	            │ ◄──────── ready ──────────────────┘
//	            └─► drains, and ends
//
// Both have the same sockets, not two on one address: so there is one queue of clients
// to accept, which goes on when either closes. If the new one does not get as far as
// that, the old one goes on as if nothing had been.

// patience is how long a successor may take until it serves.
const patience = time.Minute

// upgrades are the signals that ask for a successor, until stop is called.
func upgrades() (asked <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	return c, func() { signal.Stop(c) }
}

// ownProgram is the path of this program, which may be another one by the time that a
// successor is started: so links in it are not followed.
func ownProgram() string {
	path, err := exec.LookPath(os.Args[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		path, _ = os.Executable()
	}
	return path
}

// handOver starts a successor with the sockets of this process, and waits until it
// serves. It returns the successor's process ID, or why there is none.
func handOver(ctx context.Context, path string, s *sockets, log *slog.Logger) (pid int, err error) {
	if os.Getpid() == 1 {
		return 0, errors.New("this is process 1, with which its container ends: start another container instead")
	}
	heard, said, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer heard.Close()
	pid, err = bequeath(path, said, s)
	_ = said.Close()
	if err != nil {
		return 0, fmt.Errorf("%s cannot be started: %w", path, err)
	}
	log.Info("successor started", "process", pid, "program", path)
	process, err := os.FindProcess(pid)
	if err != nil {
		return 0, err
	}
	// Whether it is ready or has ended, the pipe tells.
	_ = heard.SetReadDeadline(time.Now().Add(patience))
	stop := context.AfterFunc(ctx, func() { _ = heard.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	word, err := io.ReadAll(io.LimitReader(heard, int64(len(readyWord))))
	if string(word) == readyWord {
		return pid, nil
	}
	_ = process.Kill()
	state, _ := process.Wait()
	switch {
	case ctx.Err() != nil:
		return 0, errors.New("this process is to stop")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, fmt.Errorf("it did not serve within %v", patience)
	}
	return 0, fmt.Errorf("it ended before it served (%v): what it said about that is above", state)
}

// bequeath starts a program in the way that this one was started, with sockets.
func bequeath(path string, ready *os.File, s *sockets) (pid int, err error) {
	var names []string
	files := []uintptr{0, 1, 2, ready.Fd()}
	defer func() {
		for _, fd := range files[firstInherited+1:] {
			_ = unix.Close(int(fd))
		}
	}()
	s.each(func(one *socket) {
		fd, failed := duplicate(one)
		if err = errors.Join(err, failed); failed == nil {
			files, names = append(files, fd), append(names, one.part+" "+one.address)
		}
	})
	if err != nil {
		return 0, err
	}
	env := append(environ(), socketsVariable+"="+strings.Join(names, "\n"))
	return syscall.ForkExec(path, os.Args, &syscall.ProcAttr{Env: env, Files: files})
}

// duplicate returns another descriptor of a socket. That of os.File would do, but for
// its making the socket one that blocks, for this process too.
func duplicate(one *socket) (fd uintptr, err error) {
	s, ok := one.Listener.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("%s is no socket", one.address)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	failed := raw.Control(func(own uintptr) {
		var n int
		n, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, firstInherited)
		fd = uintptr(n)
	})
	return fd, errors.Join(failed, err)
}

// environ is the environment without what is for this process only.
func environ() []string {
	var all []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "WATCHDOG_PID=") && !strings.HasPrefix(v, socketsVariable+"=") {
			all = append(all, v)
		}
	}
	return all
}
