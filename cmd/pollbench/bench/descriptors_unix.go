//go:build unix

package bench

import (
	"fmt"
	"syscall"
)

// allowDescriptors raises the limit on open files to the hard limit, also for the
// processes that are started from here, and fails if that is not enough.
func allowDescriptors(need int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit on open files: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the limit on open files: %w", err)
	}
	if uint64(need) > uint64(limit.Max) {
		return fmt.Errorf("this takes %d open files, and %d are allowed: ask for fewer clients, or raise the hard limit (ulimit -Hn)", need, limit.Max)
	}
	return nil
}
