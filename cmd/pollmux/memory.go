package main

import (
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/pollmux/pollmux/config"
)

// fitMemory lets the garbage collector know what the container may have, so that
// it collects before the system ends the process. GOMEMLIMIT comes first.
func fitMemory(c *config.Config, log *slog.Logger) {
	most, ok := containerMemory(os.DirFS("/"))
	if !ok {
		return
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(most / 10 * 9)
	}
	warnSnapshots(c, most, log)
}

// warnSnapshots warns of snapshots that may take more than half of the memory:
// slow readers keep older ones, and connections have buffers.
func warnSnapshots(c *config.Config, most int64, log *slog.Logger) {
	if s := int64(c.Limits.Snapshots); s == 0 || s > most/2 {
		log.Warn("limits.snapshots is more than half of the memory that this process may have: lower it", "limits.snapshots", c.Limits.Snapshots, "memory", most)
	}
}

// containerMemory is the memory limit of this process's control group, or of one
// above it; false if there is none, or no control groups.
func containerMemory(root fs.FS) (int64, bool) {
	own, _ := fs.ReadFile(root, "proc/self/cgroup")
	least := int64(math.MaxInt64)
	for line := range strings.Lines(string(own)) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(line, ":")
		switch controllers {
		case "":
			least = min(least, limitAbove(root, "sys/fs/cgroup", group, "memory.max"))
		case "memory":
			least = min(least, limitAbove(root, "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
		}
	}
	const none = 1 << 60 // version 1 has no word for it
	return least, least < none
}

// limitAbove is the least limit from a group up to the mount, which in a container
// may well be the group itself.
func limitAbove(root fs.FS, mount, group, file string) int64 {
	least := int64(math.MaxInt64)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		text, err := fs.ReadFile(root, path.Join(mount, group, file))
		if n, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && bad == nil && n > 0 {
			least = min(least, n)
		}
		if group == "/" {
			return least
		}
	}
}
