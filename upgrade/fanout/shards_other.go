//go:build !linux || goroutines

package fanout

import "net"

// shards serve sockets without a goroutine for each, which this system has no
// way to.
type shards struct{}

func (*shards) hold(*Engine, net.Conn, Session, Terms, func(End)) Held { return nil }

func (*shards) drain() {}

func (*shards) closeHeld() {}

func (*shards) stop() {}
