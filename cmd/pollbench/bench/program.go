package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// program is pollmux itself, as people run it, rather than a child of this program's
// own: what signals do to it is what is looked at. It may have successors.
type program struct {
	cmd            *exec.Cmd
	config, log    string // paths
	address, admin string
	exit           chan struct{} // closed when the first process has ended
	err            error         // how; read it once exit is closed
}

// programConfig is what it serves by. Its verbs are two addresses, more lines, and the
// origin.
const programConfig = `listen: %q
admin: {listen: %q}
%s
upstreams: {origin: {servers: ["http://%s"]}}
routes:
  - {path: /up, upstream: origin, mode: pass}
  - {path: /**, upstream: origin, interval: 1s, linger: 10m}
`

// withProgram starts pollmux before an origin, does something with it, and ends it.
func withProgram(ctx context.Context, asked, lines string, do func(*program) error) (err error) {
	s, err := stage.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: 500})
	if err != nil {
		return err
	}
	path, err := binary(ctx, s, asked)
	if err != nil {
		return err
	}
	p, err := startProgram(ctx, s, path, origin.Address, lines)
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.end())
}

// binary returns a pollmux to start: the one that is asked for, or one that is built
// from these sources.
func binary(ctx context.Context, s *stage.Stage, asked string) (string, error) {
	if asked != "" {
		return exec.LookPath(asked)
	}
	dir, err := s.Dir("pollmux")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pollmux")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/pollmux/pollmux/cmd/pollmux").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build pollmux: %w: %s; or name one with --binary", err, out)
	}
	return path, nil
}

// startProgram starts pollmux, and returns once it is ready.
func startProgram(ctx context.Context, s *stage.Stage, path, origin, lines string) (*program, error) {
	p := &program{exit: make(chan struct{})}
	var err error
	if p.address, p.admin, err = twoAddresses(); err != nil {
		return nil, err
	}
	if p.config, err = s.File("program.yaml", fmt.Appendf(nil, programConfig, p.address, p.admin, lines, origin)); err != nil {
		return nil, err
	}
	if p.log, err = s.File("program.log", nil); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(path, "serve", "--config", p.config)
	p.cmd.Stderr = log // a file, which successors may keep
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // waited for by end
		p.err = p.cmd.Wait()
		close(p.exit)
	}()
	if err := await(ctx, "pollmux to be ready", func() (bool, error) { return p.status("/readyz") == http.StatusOK, p.alive() }); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

// twoAddresses are free at this moment.
func twoAddresses() (one, other string, err error) {
	var all [2]net.Listener
	for i := range all {
		if all[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", "", err
		}
		defer all[i].Close()
	}
	return all[0].Addr().String(), all[1].Addr().String(), nil
}

func (p *program) alive() error {
	select {
	case <-p.exit:
		return fmt.Errorf("pollmux has ended: %w\n%s", p.err, p.said())
	default:
		return nil
	}
}

// status is what the admin listener answers, 0 for nothing.
func (p *program) status(path string) int {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + p.admin + path)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func (p *program) said() string {
	text, _ := os.ReadFile(p.log)
	return string(text)
}

// successorLine is how pollmux tells of one.
var successorLine = regexp.MustCompile(`msg="successor started" process=(\d+)`)

// successors are the process IDs of those that were started in its place.
func (p *program) successors() (all []int) {
	for _, found := range successorLine.FindAllStringSubmatch(p.said(), -1) {
		pid, _ := strconv.Atoi(found[1])
		all = append(all, pid)
	}
	return all
}

// end ends what is left of it, successors included.
func (p *program) end() error {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	for _, pid := range p.successors() {
		if of, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && filepath.Base(of) == filepath.Base(p.cmd.Path) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	<-p.exit
	return nil
}
