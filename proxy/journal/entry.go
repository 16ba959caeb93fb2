package journal

import (
	"log/slog"
	"math"
	"net/netip"
	"time"

	"github.com/pollmux/pollmux/config"
)

// Entry is a request that is over. Fields without a value are left out of its line.
type Entry struct {
	Began time.Time

	ID        string // ours, or a trusted proxy's
	RequestID string // X-Request-Id of a client that is not believed
	TraceID   string

	Client             netip.Addr
	Method, Host, Path string // the query is not told: it may hold secrets
	Route              string
	Upstream           string // that the request was passed on to
	Server             string // of it that answered, if it has several

	Transport string
	Status    int
	Bytes     int64 // of the answer's body; not told of who is held
	Took      time.Duration

	Answer string // how the answer came to be: hit, miss, collapsed, stale, pass, held, refused
	Reason string // why it was passed on or refused
	Limit  string // that was reached

	Held      bool   // Took is for how long the client was held
	Delivered int64  // updates that it was told meanwhile
	End       string // why it is held no longer
}

// message is that of each line of the access log.
const message = "request"

// longestPath is how much of a path is told, in bytes.
const longestPath = 1 << 10

// record is the entry's line.
func (e *Entry) record(address config.ClientAddress) slog.Record {
	r := slog.NewRecord(e.Began.Add(e.Took), slog.LevelInfo, message, 0)
	all := make([]slog.Attr, 0, 20)
	text := func(name, value string) {
		if value != "" {
			all = append(all, slog.String(name, value))
		}
	}
	text("id", e.ID)
	text("request_id", e.RequestID)
	text("trace_id", e.TraceID)
	text("client", told(e.Client, address))
	text("method", shortened(e.Method))
	text("host", shortened(e.Host))
	text("path", shortened(e.Path))
	text("route", e.Route)
	text("transport", e.Transport)
	all = append(all, slog.Int("status", e.Status))
	if !e.Held {
		all = append(all, slog.Int64("bytes", e.Bytes))
	}
	all = append(all, slog.Float64("duration", seconds(e.Took)))
	text("answer", e.Answer)
	text("reason", e.Reason)
	text("limit", e.Limit)
	text("upstream", e.Upstream)
	text("server", e.Server)
	if e.Held {
		all = append(all, slog.Int64("delivered", e.Delivered))
	}
	text("end", e.End)
	r.AddAttrs(all...)
	return r
}

// seconds is a duration to the microsecond, as a number.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e6 }

func shortened(s string) string {
	if len(s) > longestPath {
		return s[:longestPath] + "..."
	}
	return s
}

// told is as much of an address as the operator wants to know.
func told(addr netip.Addr, how config.ClientAddress) string {
	if !addr.IsValid() || how == config.ClientNone {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if how != config.ClientNetwork {
		return addr.String()
	}
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	network, _ := addr.Prefix(bits) // an address has so many
	return network.String()
}
