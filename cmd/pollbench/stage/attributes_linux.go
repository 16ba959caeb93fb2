package stage

import "syscall"

// attributes keep a process away from the terminal's interrupts, and end it when
// this process is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
