package proc

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock is the CPU time that a process has used, threads that have ended
// included, in nanoseconds: the ticks of /proc/PID/stat are too coarse for what
// takes a few of them. It is clock_getcpuclockid(3), which is arithmetic.
func clock(pid int) (time.Duration, bool) {
	const scheduled = 2 // CPUCLOCK_SCHED of the kernel
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
