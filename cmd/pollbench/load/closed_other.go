//go:build !linux

package load

import "net"

// isClosed cannot look without reading here.
func isClosed(net.Conn) bool { return false }
