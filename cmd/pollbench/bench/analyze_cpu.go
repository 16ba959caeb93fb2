package bench

import (
	"os"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/proc"
)

// cpuOf is the CPU time that this process takes for something.
func cpuOf(do func() error) (time.Duration, error) {
	before, err := proc.CPU(os.Getpid())
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := proc.CPU(os.Getpid())
	return max(after-before, time.Millisecond), err
}
