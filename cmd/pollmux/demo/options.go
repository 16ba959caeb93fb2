package demo

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// Options are what may be chosen about a demo. The zero value is a good one.
type Options struct {
	Listen string // of the proxy, and so of the page. Default 127.0.0.1:8080
	Admin  string // of the operator's dashboard. Default 127.0.0.1:9090

	// Clients is how many are simulated in each lane. Default 30; not more
	// than MaxClients.
	Clients int

	// Seed decides the game and the small talk.
	Seed uint64

	// Every is how often the scoreboard changes. Default 2s to 4s: often
	// enough to watch.
	Every legacy.Pace

	Log     *slog.Logger // default slog.Default()
	Version string       // of the proxy

	tell time.Duration // how often the terminal is told. Default 2s
}

// MaxClients is the most that a caller should ask for. It keeps a demo within the
// file descriptors of one process, which has both ends of every connection.
const MaxClients = 1000

func (o Options) filled() Options {
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:8080")
	o.Admin = cmp.Or(o.Admin, "127.0.0.1:9090")
	o.Clients = cmp.Or(o.Clients, 30)
	if o.Every == (legacy.Pace{}) {
		o.Every = legacy.Pace{Min: 2 * time.Second, Max: 4 * time.Second}
	}
	o.tell = cmp.Or(o.tell, 2*time.Second)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
