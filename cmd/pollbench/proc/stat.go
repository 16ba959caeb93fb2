package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Tick is the unit in which /proc counts CPU time: USER_HZ is 100 on every
// architecture that Go runs on.
const Tick = time.Second / 100

// Stat is one process at one instant.
type Stat struct {
	PID    int
	Parent int
	State  byte // as in ps: R, S, Z, …

	// CPU is user and system time of all threads, and of the children that
	// were waited for, in whole ticks.
	CPU time.Duration

	// Waited is the part of it that those children used.
	Waited time.Duration

	// RSS is the resident memory in bytes.
	RSS int64
}

var errFormat = errors.New("not in the format of /proc/PID/stat")

// Read reads /proc/PID/stat. The error of a process that is gone wraps
// [os.ErrNotExist].
func Read(pid int) (Stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Stat{}, err
	}
	return parse(string(text))
}

// Where fields stand in /proc/PID/stat behind the name, which may contain
// anything, spaces and parentheses included. proc_pid_stat(5) counts from 1, and
// the first behind the name is its third.
const (
	fieldState = iota
	fieldParent
	fieldUser = 14 - 3 // followed by system, and both of waited-for children
	fieldRSS  = 24 - 3
	fields    = fieldRSS + 1
)

func parse(text string) (Stat, error) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return Stat{}, errFormat
	}
	rest := strings.Fields(text[end+1:])
	if len(rest) < fields || len(rest[fieldState]) != 1 {
		return Stat{}, errFormat
	}
	n := numbers{}
	s := Stat{PID: int(n.read(strings.TrimSpace(text[:open]))), Parent: int(n.read(rest[fieldParent])), State: rest[fieldState][0]}
	for i, ticks := range rest[fieldUser : fieldUser+4] {
		used := time.Duration(n.read(ticks)) * Tick
		if s.CPU += used; i >= 2 {
			s.Waited += used
		}
	}
	s.RSS = n.read(rest[fieldRSS]) * int64(os.Getpagesize())
	return s, n.err
}

// numbers reads numbers until one is none.
type numbers struct{ err error }

func (n *numbers) read(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil && n.err == nil {
		n.err = fmt.Errorf("%w: %w", errFormat, err)
	}
	return value
}
