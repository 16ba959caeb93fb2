package accesslog

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

// request is a line, as the analysis looks at it. Its slices are parts of a chunk.
type request struct {
	time  int64 // when it came, in Unix nanoseconds
	order int64 // by which it is sorted: no earlier than it may be
	took  int64 // -1: unknown
	bytes int64 // -1: unknown
	line  int64 // of its file, from 0

	client uint64 // address, user agent and user
	url    uint64 // method, host, path and query without busters and values of cursors
	key    uint64 // what a poll is for: the same, without busters, and with the user

	path   []byte
	buster []byte // a name of a parameter that was left out, the least certain; nil for none, or "_"
	plain  names  // of parameters whose values were not random
	name   uint8  // of the cursor: an index of cursorNames
	cursor uint64 // its value, or a hash of it

	status  uint16
	method  method
	kind    kind
	fine    bool
	user    bool // somebody signed in
	numeric bool // the cursor's value is a number
}

// method is what is to be known of a method.
type method uint8

const (
	read  method = iota // GET or HEAD
	post                // POST: a write, or a poll by POST
	write               // PUT, PATCH, DELETE
	other               // OPTIONS and the like
)

// busterNames are names of parameters that never mean anything. The first is the
// default of key.ignore_query.
var busterNames = config.Globs{
	"_", "__", "cb", "cachebuster", "cache_buster", "cacheBuster", "cachebust", "nocache", "no_cache", "noCache", "_nocache", "rnd", "_rnd", "rand", "random",
	"_dc", "dojo.preventCache", "preventCache", "uncache", "bust", "buster", "zx", "nonce",
}

// clockNames are names of parameters that never mean anything if they are the time of
// day or a random number. Other names may: end=NOW is where a range ends, and an
// origin that is not sent it refuses the request, or answers another.
var clockNames = config.Globs{
	"t", "_t", "ts", "_ts", "now", "timestamp", "_timestamp", "timeStamp", "r", "_r",
}

// cursorNames are names of parameters that say how far a client has read. They
// begin with none.
var cursorNames = []string{
	"", "since", "after", "cursor", "last_id", "since_id", "last", "lastId", "last_event_id", "offset", "from_id", "min_id", "from", "seq", "after_id", "newer_than",
	"updated_since", "modified_since", "last_seen", "last_message_id", "lastMessageId", "lastEventId", "sinceId", "position", "pos", "start", "version", "rev", "next_batch", "checkpoint", "page",
}

// folder makes requests of entries. It belongs to one parser.
type folder struct {
	kinds   kinds
	cursors map[string]uint8
	url     []byte
	key     []byte
	who     []byte
}

func newFolder() *folder {
	f := &folder{cursors: map[string]uint8{}}
	for i, name := range cursorNames[1:] {
		f.cursors[name] = uint8(i + 1)
	}
	return f
}

// fold fills in a request.
func (f *folder) fold(e *Entry, r *request) {
	path, params, _ := bytes.Cut(origin(e.Target), []byte{'?'})
	r.time, r.took, r.bytes, r.fine = e.Time, e.Took, e.Bytes, e.Fine
	if !e.AtStart {
		r.time = beginning(e)
	}
	r.status, r.method, r.path = uint16(e.Status), methodOf(e.Method), path
	r.kind, r.user = f.kinds.of(e.Agent, path), len(e.User) > 0
	f.who = append(append(append(append(append(f.who[:0], e.Addr...), 0), e.Agent...), 0), e.User...)
	r.client = xxhash.Sum64(f.who)
	f.url = append(append(append(append(f.url[:0], byte(r.method)), e.Host...), 0), path...)
	f.key = append(f.key[:0], f.url...)
	f.key[0] = byte(read) // a write is to what reads read
	for param := range bytes.SplitSeq(params, []byte{'&'}) {
		if len(param) > 0 {
			f.param(param, e.Time, r)
		}
	}
	r.url = xxhash.Sum64(f.url)
	r.key = xxhash.Sum64(append(append(f.key, 0), e.User...))
}

// beginning is when a request came that is dated when it was answered. A date in
// whole seconds is of any moment in that second.
func beginning(e *Entry) int64 {
	switch {
	case e.Took <= 0, !e.Fine && e.Took < 1e9:
		return e.Time
	case !e.Fine:
		return e.Time + 5e8 - e.Took
	}
	return e.Time - e.Took
}

// param adds a parameter to what it belongs to.
func (f *folder) param(param []byte, now int64, r *request) {
	name, value, _ := bytes.Cut(param, []byte{'='})
	i := f.cursors[string(name)]
	switch {
	case share.Loses(param, busterNames), i == 0 && isIgnorable(name) && looksRandom(value, now) && bytes.IndexByte(param, ';') < 0:
		if string(name) != "_" && (r.buster == nil || !meansNothing(string(name))) {
			r.buster = name
		}
		return
	case i > 0 && r.name == 0:
		r.name = i
		n, ok := number(value)
		if r.cursor, r.numeric = uint64(n), ok; !ok {
			r.cursor = xxhash.Sum64(value)
		}
		f.url = append(append(f.url, '&'), name...)
	default:
		r.plain.add(name)
		f.url = append(append(f.url, '&'), param...)
	}
	f.key = append(append(f.key, '&'), param...)
}

// origin is path and query of a target that may have more in front.
func origin(target []byte) []byte {
	if len(target) > 0 && target[0] == '/' {
		return target
	}
	if i := bytes.Index(target, []byte("://")); i > 0 {
		if j := bytes.IndexByte(target[i+3:], '/'); j >= 0 {
			return target[i+3+j:]
		}
		return []byte{'/'}
	}
	return target
}

// day is how far the clocks of clients may be from that of the server.
const day = 24 * 3600 * 1e9

// looksRandom reports whether a value is the time of day, in any unit, or a random
// fraction as Math.random() gives it: what no two requests share, and no server
// looks at.
func looksRandom(value []byte, now int64) bool {
	if len(value) > 8 && value[0] == '0' && value[1] == '.' {
		return digits(value[2:]) != -1
	}
	if len(value) < 10 || len(value) > 17 {
		return false
	}
	if n, _, ok := parseEpoch(value); ok {
		return n > now-day && n < now+day
	}
	return false
}

func methodOf(m []byte) method {
	switch string(m) {
	case "GET", "HEAD":
		return read
	case "POST":
		return post
	case "PUT", "PATCH", "DELETE":
		return write
	}
	return other
}
