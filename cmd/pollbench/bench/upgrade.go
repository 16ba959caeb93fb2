package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// UpgradeOptions are those of Upgrade.
type UpgradeOptions struct {
	Times  int // how often pollmux is replaced
	Fresh  int // clients that connect anew for each request
	Kept   int // clients that keep their connection
	Think  time.Duration
	Binary string // pollmux; "" builds one
	Say    Say
}

// UpgradeResult is the outcome of Upgrade.
type UpgradeResult struct {
	Times   int           `json:"times"`
	Seconds float64       `json:"seconds"`
	Blows   [2]load.Blows `json:"requests"` // while nothing happens, and while it is replaced
	Verdict Verdict       `json:"verdict"`
}

// Upgrade has pollmux replaced by a new process, again and again, while clients ask
// that forgive nothing: neither a connection that is refused or reset, nor a request
// on a kept one that is not answered.
func Upgrade(ctx context.Context, o UpgradeOptions) (r *UpgradeResult, err error) {
	r = &UpgradeResult{Times: o.Times}
	err = withProgram(ctx, o.Binary, "drain_timeout: 10s", func(p *program) error { return r.measure(ctx, p, o) })
	if err != nil {
		return nil, err
	}
	r.judge()
	return r, nil
}

func (r *UpgradeResult) measure(ctx context.Context, p *program, o UpgradeOptions) (err error) {
	begin := time.Now()
	for i, do := range []func() error{
		func() error { time.Sleep(time.Second); return nil },
		func() error { return p.replace(ctx, o) },
	} {
		if r.Blows[i], err = hammered(ctx, p, o, do); err != nil {
			return fmt.Errorf("%w\n%s", err, p.said())
		}
	}
	r.Seconds = time.Since(begin).Seconds()
	return nil
}

// hammered does something under load.
func hammered(ctx context.Context, p *program, o UpgradeOptions, do func() error) (load.Blows, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan load.Blows, 1)
	go func() { // waited for below
		done <- load.Hammer{Address: p.address, Fresh: o.Fresh, Kept: o.Kept, Think: o.Think, Write: 0.3}.Run(ctx)
	}()
	err := do()
	stop()
	return <-done, err
}

// replace replaces pollmux by a process of its own program, each time when the one
// before has gone.
func (p *program) replace(ctx context.Context, o UpgradeOptions) error {
	pid := p.cmd.Process.Pid
	for i := range o.Times {
		o.Say("upgrade: replacing process %d", pid)
		if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
			return err
		}
		if err := await(ctx, "the old process to be gone", func() (bool, error) {
			if strings.Contains(p.said(), "there is no successor") {
				return false, errors.New("the successor failed")
			}
			return strings.Count(p.said(), "msg=stopped") > i, nil
		}); err != nil {
			return err
		}
		pid = p.successors()[i]
	}
	return nil
}

// judge completes a result.
func (r *UpgradeResult) judge() {
	v := &r.Verdict
	quiet, b := r.Blows[0], r.Blows[1]
	v.add(quiet.Lost+quiet.Failed == 0 && quiet.Answered > 0, "no request is lost while nothing happens", "%d of %d %v", quiet.Lost+quiet.Failed, quiet.Answered, quiet.Reasons)
	v.add(b.Lost+b.Failed == 0 && b.Answered > 0, fmt.Sprintf("no request is lost while pollmux is replaced %d times", r.Times), "%d of %d %v", b.Lost+b.Failed, b.Answered, b.Reasons)
}

// Write tells the outcome.
func (r *UpgradeResult) Write(w io.Writer) {
	t := newTable("pollmux", "answered", "lost", "failed")
	for i, name := range []string{"while nothing happens", "while it is replaced"} {
		b := r.Blows[i]
		t.add(name, count(b.Answered), count(b.Lost), count(b.Failed))
	}
	t.write(w)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *UpgradeResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *UpgradeResult) Judge() Verdict { return r.Verdict }
