package main

import (
	"log/slog"

	"github.com/pollmux/pollmux/config"
)

// ownDescriptors are those that the process needs for itself: listeners, the
// poller, standard streams, the admin's clients.
const ownDescriptors = 16

// fitDescriptors lowers limits.connections to what the limit on open files
// allows, and says so: a client that is refused with a status is better off than
// one that nobody accepts, and polls need descriptors too. Go has raised the soft
// limit to the hard one already.
func fitDescriptors(c *config.Config, open uint64, log *slog.Logger) {
	most := connectionsWithin(open)
	if c.Limits.Connections > 0 && uint64(c.Limits.Connections) <= most {
		return
	}
	log.Warn("limits.connections is lowered: the limit on open files allows no more; raise that (LimitNOFILE= in systemd, --ulimit nofile= in Docker, ulimit -Hn in a shell), or lower limits.connections",
		"configured", c.Limits.Connections, "now", most, "open_files", open)
	c.Limits.Connections = int(most)
}

// connectionsWithin is how many connections of clients so many descriptors are
// enough for: a quarter of them is for connections to origins, and a tenth of the
// connections, or sixteen, come on top, to be told that there are too many.
func connectionsWithin(open uint64) uint64 {
	const most = 1 << 30 // more than any machine has
	open = min(open, most)
	if open < ownDescriptors {
		return 1
	}
	clients := (open - ownDescriptors) / 4 * 3
	if clients >= 176 {
		return clients * 10 / 11
	}
	return max(clients, 17) - 16
}
