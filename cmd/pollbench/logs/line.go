package logs

import (
	"strconv"
	"time"
)

// Line is one request.
type Line struct {
	At     time.Duration // when it came, since the log began
	Took   time.Duration
	Addr   string
	Agent  string
	Method string
	Target string
	Status int
	Bytes  int
	Kind   Kind
}

// Kind is a sort of actor.
type Kind uint8

// The kinds of actors.
const (
	Steady    Kind = iota // polls at a pace, with some jitter
	Jittery               // polls that are up to 30 % early or late
	Hidden                // polls that stop while nobody looks, and go on
	Backoff               // polls that slow down
	Slow                  // polls every five minutes, four to six times
	Brief                 // polls of who leaves soon
	Busted                // polls with a cache buster
	Cursor                // polls with ?since=
	Own                   // polls of a URL that no other client has
	Held                  // long polls
	Shared                // polls of several clients behind one address, with one browser
	Roaming               // polls of clients whose address changes
	Posting               // polls by POST
	Browsing              // people who go from page to page
	Reloading             // people who reload a page
	Robot                 // robots that say so
	Disguised             // robots that do not, at an even pace
	Paging                // robots that go from page to page of a list
	Monitor               // health checks
	Scanner               // strangers who look for holes
	Kinds                 // how many there are
)

var kindNames = [Kinds]string{
	"steady", "jittery", "hidden", "backoff", "slow", "brief", "busted", "cursor", "own", "held", "shared", "roaming", "posting",
	"browsing", "reloading", "robot", "disguised", "paging", "monitor", "scanner",
}

func (k Kind) String() string { return kindNames[k] }

// IsPoll reports whether requests of that kind are polls.
func (k Kind) IsPoll() bool { return k <= Posting }

// Epoch is when logs begin.
func Epoch() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// AppendCombined appends the line as nginx writes its combined format, when the
// request has been answered.
func (l *Line) AppendCombined(b []byte) []byte {
	b = append(append(b, l.Addr...), " - - ["...)
	b = Epoch().Add(l.At+l.Took).AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(append(append(append(append(b, `] "`...), l.Method...), ' '), l.Target...), ` HTTP/1.1" `...)
	b = strconv.AppendInt(b, int64(l.Status), 10)
	b = strconv.AppendInt(append(b, ' '), int64(l.Bytes), 10)
	b = append(append(b, ` "-" "`...), l.Agent...)
	return append(b, "\"\n"...)
}

// Timed is the format of AppendTimed, as nginx's log_format has it.
const Timed = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time`

// AppendTimed is AppendCombined, with how long it took behind it.
func (l *Line) AppendTimed(b []byte) []byte {
	b = l.AppendCombined(b)
	b = append(b[:len(b)-1], ' ')
	return append(strconv.AppendFloat(b, l.Took.Seconds(), 'f', 3, 64), '\n')
}
