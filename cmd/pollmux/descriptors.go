package main

import (
	"context"
	"log/slog"
	"sort"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
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
	level := slog.LevelWarn
	if c.Limits.Connections == config.Default().Limits.Connections {
		level = slog.LevelInfo // nobody asked for that many
	}
	log.Log(context.Background(), level, "limits.connections is lowered: the limit on open files allows no more; raise that (LimitNOFILE= in systemd, --ulimit nofile= in Docker, ulimit -Hn in a shell), or lower limits.connections",
		"configured", c.Limits.Connections, "now", most, "open_files", open)
	c.Limits.Connections = int(most)
}

// originDescriptors is the most that is kept for connections to origins: of many
// clients, few are passed through at once, and a poll is for all of them.
const originDescriptors = 512

// connectionsWithin is how many connections of clients so many descriptors are
// enough for: some are for connections to origins, and those that are told that
// there are too many come on top.
func connectionsWithin(open uint64) uint64 {
	const most = 1 << 30 // more than any machine has
	open = min(open, most)
	if open < ownDescriptors {
		return 1
	}
	left := open - ownDescriptors
	left -= min(left/4, originDescriptors)
	n := sort.Search(int(left), func(n int) bool { return uint64(n+proxy.Overflow(n)) > left })
	return uint64(max(n-1, 1))
}
