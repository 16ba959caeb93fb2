package main

import (
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
)

func TestTheMemoryOfAContainerIsKnown(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  int64 // 0: unknown
	}{
		"no control groups":      {nil, 0},
		"version 2, a container": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "268435456\n"}, 256 << 20},
		"version 2, a service": {map[string]string{
			"proc/self/cgroup": "0::/system.slice/pollmux.service\n", "sys/fs/cgroup/system.slice/pollmux.service/memory.max": "1073741824\n",
		}, 1 << 30},
		"version 2, a slice": {map[string]string{
			"proc/self/cgroup":                           "0::/a.slice/b.service\n",
			"sys/fs/cgroup/a.slice/b.service/memory.max": "max\n", "sys/fs/cgroup/a.slice/memory.max": "1048576\n",
		}, 1 << 20},
		"version 2, no limit":    {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"version 1, a container": {map[string]string{"proc/self/cgroup": "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n"}, 256 << 20},
		"version 1, no limit":    {map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		"garbage":                {map[string]string{"proc/self/cgroup": "0::/../../x\n:\n\n7\n", "sys/fs/cgroup/memory.max": "-1\n"}, 0},
	} {
		files := fstest.MapFS{}
		for path, text := range test.files {
			files[path] = &fstest.MapFile{Data: []byte(text)}
		}
		got, ok := containerMemory(files)
		if ok != (test.want != 0) || ok && got != test.want {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
}

func TestSnapshotsThatTakeMostOfTheMemoryAreWarnedOf(t *testing.T) {
	for snapshots, warns := range map[config.Size]bool{0: true, 100 << 20: false, 200 << 20: true} {
		var log await.Log
		c := config.Default()
		c.Limits.Snapshots = snapshots
		warnSnapshots(c, 256<<20, slog.New(slog.NewTextHandler(&log, nil)))
		if strings.Contains(log.String(), "level=WARN") != warns {
			t.Errorf("%v of 256MiB: %q", snapshots, log.String())
		}
	}
}
