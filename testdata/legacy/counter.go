package legacy

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxPaths bounds what clients can make a Counter remember.
const maxPaths = 1000

// OtherPaths is where Counts.Paths counts the paths beyond the first 1000.
const OtherPaths = "(other)"

// Counter is a handler that counts the requests it hands to the next one, and
// logs the writes among them. Every legacy origin is one. It is safe for
// concurrent use.
type Counter struct {
	next  http.Handler
	clock Clock

	mu       sync.Mutex // guards what follows
	counts   Counts
	writes   []Write // the latest ones, without gaps
	numbered int     // the number of the last of them
}

// Counts is what a Counter has seen. Total, Paths, Conditional and Writes count
// requests as they arrive, NotModified and Statuses as they have been answered.
type Counts struct {
	Total       int
	Paths       map[string]int // by path as the client sent it, without the query
	Conditional int            // reads with If-None-Match or If-Modified-Since
	NotModified int            // answered 304
	Writes      int            // requests with an unsafe method
	Statuses    map[int]int    // answers by status; 0 is an answer that the origin broke off before its head
	BodyBytes   int64          // bytes of answers' bodies
}

// Count returns a Counter in front of next. A nil clock is time.Now.
func Count(next http.Handler, clock Clock) *Counter {
	c := &Counter{next: next, clock: clock.orNow()}
	c.Reset()
	return c
}

// ServeHTTP counts the request and hands it on.
func (c *Counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.arrived(r)
	answer := &countedAnswer{ResponseWriter: w}
	defer c.answered(answer) // deferred: a handler may abort by a panic
	if isWrite(r.Method) {
		defer c.logWrite(r, answer)()
	}
	c.next.ServeHTTP(answer, r)
	answer.status = cmp.Or(answer.status, http.StatusOK) // what net/http sends for a handler that says nothing
}

// Counts returns a snapshot that the caller owns.
func (c *Counter) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.counts
	counts.Paths = maps.Clone(counts.Paths)
	counts.Statuses = maps.Clone(counts.Statuses)
	return counts
}

// Writes returns the latest writes, at most 65536, by number. The caller owns
// the slice and must not change the bodies.
func (c *Counter) Writes() []Write {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.writes)
}

// Reset forgets the counts and the writes and numbers the next write 1. It is
// not for use while a write is under way.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = Counts{Paths: make(map[string]int), Statuses: make(map[int]int)}
	c.writes, c.numbered = nil, 0
}

func (c *Counter) arrived(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Total++
	path := sentPath(r)
	if _, known := c.counts.Paths[path]; !known && len(c.counts.Paths) >= maxPaths {
		path = OtherPaths
	}
	c.counts.Paths[path]++
	if isWrite(r.Method) {
		c.counts.Writes++
	} else if r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "" {
		c.counts.Conditional++
	}
}

func (c *Counter) answered(answer *countedAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Statuses[answer.status]++
	c.counts.BodyBytes += answer.bytes
	if answer.status == http.StatusNotModified {
		c.counts.NotModified++
	}
}

// sentPath is the path before any http.StripPrefix on the way here, so that
// mounts of one origin can be told apart.
func sentPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // a handler called by hand, or an absolute form
		return r.URL.Path
	}
	return path
}

// countedAnswer notes what is answered on its way out.
type countedAnswer struct {
	http.ResponseWriter
	status int // 0 until the final head
	bytes  int64
}

func (a *countedAnswer) WriteHeader(status int) {
	if a.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *countedAnswer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush and hijack.
func (a *countedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
