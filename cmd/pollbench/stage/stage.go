package stage

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// Stage is a directory and the processes that use it. It belongs to one
// goroutine.
type Stage struct {
	dir       string
	processes []*Process
	cores     *cores
}

// New returns a stage without processes. The caller must Close it.
func New() (*Stage, error) {
	dir, err := os.MkdirTemp("", "pollbench-")
	return &Stage{dir: dir}, err
}

// Close ends every process, the last one first, and removes the directory. The
// error tells of those that did not end well.
func (s *Stage) Close() error {
	var failures []error
	for _, p := range slices.Backward(s.processes) {
		failures = append(failures, p.Stop())
	}
	s.processes = nil
	return errors.Join(append(failures, s.together(), os.RemoveAll(s.dir))...)
}

// Child starts a server of package child and waits until it listens.
func (s *Stage) Child(kind string, options any) (*Process, error) {
	return s.ChildOf("", kind, options)
}

// ChildOf is Child, of another build of this program; "" is this one.
func (s *Stage) ChildOf(program, kind string, options any) (*Process, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	p, err := s.launchChild(program, kind, string(text))
	if p != nil {
		s.processes = append(s.processes, p)
	}
	return p, err
}

// End ends one process before the others.
func (s *Stage) End(p *Process) error {
	s.processes = slices.DeleteFunc(s.processes, func(other *Process) bool { return other == p })
	return p.Stop()
}

// File writes a file and returns its path.
func (s *Stage) File(name string, content []byte) (path string, err error) {
	path = filepath.Join(s.dir, name)
	return path, os.WriteFile(path, content, 0o644)
}

// Dir makes a directory and returns its path.
func (s *Stage) Dir(name string) (path string, err error) {
	path = filepath.Join(s.dir, name)
	return path, os.Mkdir(path, 0o755)
}
