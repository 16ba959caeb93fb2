//go:build !linux

package proxy

import (
	"net"
	"time"
)

// boundUnacked leaves it to the kernel.
func boundUnacked(net.Conn, time.Duration) {}

// boundUnsent leaves it to the kernel.
func boundUnsent(net.Conn) {}
