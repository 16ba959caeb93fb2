package stage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// cores is how the machine's cores are divided; nil if they are not.
type cores struct{ all, clients, servers *unix.CPUSet }

// Apart pins this process, and the children that it starts as clients, to one
// half of the cores that it may use, and servers to the other, so that the load
// does not take its time from what is measured. It reports false where there is
// only one core, and changes nothing then. Close undoes it.
func (s *Stage) Apart() (bool, error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return false, fmt.Errorf("ask for the cores: %w", err)
	}
	c := &cores{all: &all, clients: &unix.CPUSet{}, servers: &unix.CPUSet{}}
	half := (all.Count() + 1) / 2
	for i := range len(all) * 64 {
		switch {
		case !all.IsSet(i):
		case c.clients.Count() < half:
			c.clients.Set(i)
		default:
			c.servers.Set(i)
		}
	}
	if c.servers.Count() == 0 {
		return false, nil
	}
	s.cores = c
	return true, pinAll(c.clients)
}

// together undoes Apart.
func (s *Stage) together() error {
	if s.cores == nil {
		return nil
	}
	all := s.cores.all
	s.cores = nil
	return pinAll(all)
}

// pinAll pins the threads of this process. Those to come inherit it; one that
// begins meanwhile is found by looking again.
func pinAll(set *unix.CPUSet) error {
	for range 2 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("list the threads: %w", err)
		}
		for _, t := range threads {
			id, _ := strconv.Atoi(t.Name())
			if err := unix.SchedSetaffinity(id, set); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("pin a thread: %w", err)
			}
		}
	}
	return nil
}

// start starts a command on the cores of servers, if there are such. A process
// inherits those of the thread that starts it, and knows from its beginning how
// many it has.
func (s *Stage) start(cmd *exec.Cmd, server bool) error {
	if s.cores == nil || !server {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedSetaffinity(0, s.cores.servers); err != nil {
		return fmt.Errorf("pin a thread: %w", err)
	}
	err := cmd.Start()
	return errors.Join(err, unix.SchedSetaffinity(0, s.cores.clients))
}
