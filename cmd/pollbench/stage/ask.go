package stage

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
)

// patience is how long a process may take to start, or to answer.
const patience = 60 * time.Second

// launchChild starts a program, which is this one if it is "", as a child and reads
// where it listens. A process is returned along with an error of the latter, to be
// stopped.
func (s *Stage) launchChild(program, kind, options string) (p *Process, err error) {
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	p, err = s.launchPiped(kind, exec.Command(program, "child", kind, options))
	if err != nil {
		return nil, err
	}
	return p, p.hello()
}

// launchPiped starts a process that takes orders. Its own ends of the pipes are
// closed here once it has them: as long as anybody else can write to its output,
// that does not end with it, and whoever reads waits in vain.
func (s *Stage) launchPiped(name string, cmd *exec.Cmd) (*Process, error) {
	stdin, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	output, stdout, err := os.Pipe()
	if err != nil {
		_ = input.Close()
		return nil, err
	}
	defer stdout.Close()
	cmd.Stdin, cmd.Stdout = stdin, stdout
	p, err := s.launch(name, cmd, child.Serves(name))
	if err != nil {
		_, _ = input.Close(), output.Close()
		return nil, err
	}
	p.input, p.output, p.lines = input, output, json.NewDecoder(output)
	return p, nil
}

// Answers reports whether the process can be asked.
func (p *Process) Answers() bool { return p.input != nil }

// hello reads where a child listens.
func (p *Process) hello() error {
	var hello child.Hello
	err := p.read(&hello)
	p.Address = hello.Address
	return err
}

// Ask tells a child to do something, and reads its answer into value, which may
// be nil.
func (p *Process) Ask(order string, value any) error {
	if _, err := fmt.Fprintln(p.input, order); err != nil {
		return p.silence(err)
	}
	reply := child.Reply{Value: value}
	if err := p.read(&reply); err != nil {
		return err
	}
	if reply.Error != "" {
		return fmt.Errorf("%s: %s: %s", p.Name, order, reply.Error)
	}
	return nil
}

func (p *Process) read(value any) error {
	_ = p.output.SetReadDeadline(time.Now().Add(patience)) // a pipe can always have one
	if err := p.lines.Decode(value); err != nil {
		return p.silence(err)
	}
	return nil
}

// silence is the failure of a child that cannot be talked to. Nearly always it is
// about to end; what it says is complete once it has.
func (p *Process) silence(err error) error {
	select {
	case <-p.done:
	case <-time.After(p.grace):
	}
	return p.failure(err)
}
