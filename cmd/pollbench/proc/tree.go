package proc

import (
	"os"
	"slices"
	"strconv"
	"time"
)

// Tree returns a process and all its descendants, those who come first before
// those they started. It fails if the process itself is gone.
func Tree(pid int) ([]Stat, error) {
	root, err := Read(pid)
	if err != nil {
		return nil, err
	}
	all, err := list()
	if err != nil {
		return nil, err
	}
	tree := []Stat{root}
	for i := 0; i < len(tree); i++ {
		for _, s := range all {
			if s.Parent == tree[i].PID {
				tree = append(tree, s)
			}
		}
	}
	return tree, nil
}

// Children returns the processes that a process has started and not waited for,
// those that have ended included.
func Children(pid int) ([]Stat, error) {
	all, err := list()
	return slices.DeleteFunc(all, func(s Stat) bool { return s.Parent != pid }), err
}

// CPU is the CPU time that a process and its descendants have used so far: exact
// where the kernel has a clock for it and the process sleeps, in ticks elsewhere.
func CPU(pid int) (time.Duration, error) {
	tree, err := Tree(pid)
	var cpu time.Duration
	for _, s := range tree {
		if own, ok := clock(s.PID); ok {
			cpu += own + s.Waited
			continue
		}
		cpu += s.CPU
	}
	return cpu, err
}

// list reads every process that can be read.
func list() ([]Stat, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []Stat
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := Read(pid); err == nil { // else it has ended meanwhile
			all = append(all, s)
		}
	}
	return all, nil
}
