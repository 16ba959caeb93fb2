//go:build !linux

package stage

import "syscall"

func attributes() *syscall.SysProcAttr { return nil }
