package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine is where figures were measured.
type Machine struct {
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
	Kernel string `json:"kernel"`
}

// ThisMachine describes the one that this process runs on.
func ThisMachine() Machine {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte(runtime.GOOS)
	}
	return Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Kernel: strings.TrimSpace(string(kernel))}
}

// String is the machine in a line.
func (m Machine) String() string {
	return fmt.Sprintf("%d cores, %s, kernel %s", m.Cores, m.Go, m.Kernel)
}
