//go:build !linux

package stage

import "os/exec"

type cores struct{}

// Apart pins nothing where this is not Linux.
func (s *Stage) Apart() (bool, error) { return false, nil }

func (s *Stage) together() error { return nil }

func (s *Stage) start(cmd *exec.Cmd, _ bool) error { return cmd.Start() }
