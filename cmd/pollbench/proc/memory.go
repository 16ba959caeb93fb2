package proc

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Memory is the resident memory of a process and its descendants in bytes, without
// what is mapped from files, as programs are. What they share counts once (PSS),
// where the kernel tells; else it is the sum of RSS.
func Memory(pid int) (int64, error) {
	tree, err := Tree(pid)
	var sum int64
	for _, s := range tree {
		if share, ok := proportional(s.PID); ok {
			sum += share
			continue
		}
		sum += s.RSS
	}
	return sum, err
}

// proportional reads /proc/PID/smaps_rollup.
func proportional(pid int) (memory int64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var kibibytes int64
		for _, part := range []string{"Pss_Anon: %d kB", "Pss_Shmem: %d kB"} {
			if n, _ := fmt.Sscanf(lines.Text(), part, &kibibytes); n == 1 {
				memory, ok = memory+kibibytes<<10, true
			}
		}
	}
	return memory, ok
}
