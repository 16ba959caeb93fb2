//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// openFiles is how many descriptors the process may have; false if nobody knows.
func openFiles() (uint64, bool) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur, err == nil
}
