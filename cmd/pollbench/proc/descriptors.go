package proc

import (
	"fmt"
	"os"
)

// Descriptors is how many files a process has open, sockets included.
func Descriptors(pid int) (int, error) {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	return len(names), err
}
