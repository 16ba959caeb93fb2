package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/proc"
)

// Process is a process that this one has started. It belongs to one goroutine.
type Process struct {
	Name    string
	Address string // where it serves

	cmd  *exec.Cmd
	said *tail // what it wrote to standard error

	// Of a child of our own, nil of others.
	input  *os.File // its end is the process's
	output *os.File
	lines  *json.Decoder

	grace time.Duration // that it has to end by itself
	done  chan struct{} // closed when it has ended
	err   error         // how; read it once done is closed
}

// usualGrace is long: a process that is killed does not clean up.
const usualGrace = 10 * time.Second

// errEnded is a process that nobody has asked to end.
var errEnded = errors.New("it has ended by itself")

// launch starts a process whose standard streams, error excepted, are the
// caller's business.
func (s *Stage) launch(name string, cmd *exec.Cmd, server bool) (*Process, error) {
	p := &Process{Name: name, cmd: cmd, said: &tail{}, grace: usualGrace, done: make(chan struct{})}
	cmd.Stderr = p.said
	if cmd.Stdout == nil {
		cmd.Stdout = p.said
	}
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = usualGrace // or somebody with its standard error could keep us
	if err := s.start(cmd, server); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go p.wait() // waited for by Stop
	return p, nil
}

func (p *Process) wait() {
	defer close(p.done)
	p.err = p.cmd.Wait()
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// CPU is the CPU time that the process and those it has started have used.
func (p *Process) CPU() (time.Duration, error) { return proc.CPU(p.PID()) }

// RSS is the process's resident memory in bytes.
func (p *Process) RSS() (int64, error) {
	s, err := proc.Read(p.PID())
	return s.RSS, err
}

// Memory is the resident memory of the process and those it has started, in bytes,
// without their programs, and with what they share counted once.
func (p *Process) Memory() (int64, error) { return proc.Memory(p.PID()) }

// Descriptors is how many files the process has open.
func (p *Process) Descriptors() (int, error) { return proc.Descriptors(p.PID()) }

// Stop ends the process and waits for it. The error tells that it had ended
// before or, of a child of our own, that it did not end well.
func (p *Process) Stop() error {
	early := p.hasEnded()
	p.dismiss()
	select {
	case <-p.done:
	case <-time.After(p.grace):
		p.kill()
		<-p.done
	}
	if p.output != nil {
		_ = p.output.Close()
	}
	switch {
	case early:
		return p.failure(errEnded)
	case p.input != nil && p.err != nil:
		return p.failure(p.err)
	}
	return nil
}

// dismiss asks the process to end.
func (p *Process) dismiss() {
	if p.input != nil {
		_ = p.input.Close()
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
}

func (p *Process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process and what it has started, each by its id.
func (p *Process) kill() {
	tree, _ := proc.Tree(p.PID()) // none: it has just ended
	for _, s := range tree {
		if started, err := os.FindProcess(s.PID); err == nil {
			_ = started.Kill()
		}
	}
}

// failure adds what the process has said to an error.
func (p *Process) failure(err error) error {
	if text := p.said.String(); text != "" {
		return fmt.Errorf("%s: %w; it said: %s", p.Name, err, text)
	}
	return fmt.Errorf("%s: %w", p.Name, err)
}
