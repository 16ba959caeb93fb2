package accesslog

import "cmp"

// endpoint is what is counted of a pattern of paths.
type endpoint struct {
	into *endpoint // what it has become part of

	pattern string
	method  method // read, or post where these are polls

	requests, bytes int64
	sized           int64          // requests whose bytes are known
	of              [classes]int64 // requests
	posts, refused  int64
	signed, held    int64

	saved, savedBytes [rungs]int64 // if all reads were coalesced
	reads             int64
	longest           int64 // nanoseconds that an answer took

	polled          int64 // flows that are polls
	clients         sketch
	pollers         sketch // clients of those
	urls, pairs     sketch // URLs of those, and clients with URLs
	periods         periods
	cursors         map[string]int64 // requests, by name
	busters         map[string]int64
	plain           sightings
	first, lastSeen int64
}

func newEndpoint(pattern string, m method) *endpoint { return &endpoint{pattern: pattern, method: m} }

// root is the endpoint that this one has become part of, or itself.
func (e *endpoint) root() *endpoint {
	for e.into != nil {
		e = e.into
	}
	return e
}

// maxNames bounds what is remembered of the names of parameters.
const maxNames = 8

// add notes a request.
func (e *endpoint) add(r *request) {
	e.requests++
	if r.bytes >= 0 {
		e.bytes += r.bytes
		e.sized++
	}
	if r.method == post {
		e.posts++
	}
	if r.status == 401 || r.status == 403 {
		e.refused++
	}
	if r.user {
		e.signed++
	}
	e.longest = max(e.longest, r.took)
	e.clients.add(r.client)
	if e.first == 0 {
		e.first = r.order
	}
	e.lastSeen = r.order
	e.plain.add(r.plain)
	if r.buster != nil && (len(e.busters) < maxNames || e.busters[string(r.buster)] > 0) {
		if e.busters == nil {
			e.busters = map[string]int64{}
		}
		e.busters[string(r.buster)]++
	}
}

// take notes what a flow turned out to be.
func (e *endpoint) take(f *flow, c class) {
	n := int64(f.rhythm.n - f.before)
	e.of[c] += n
	if c != polling {
		return
	}
	e.polled++
	e.pollers.add(f.client.hash)
	e.urls.add(f.url)
	e.pairs.add(f.key)
	e.periods.add(f.rhythm.period(), n)
	if f.rhythm.isHeld() {
		e.held += n
	}
	if name := f.cursorName(); name != "" && (len(e.cursors) < maxNames || e.cursors[name] > 0) {
		if e.cursors == nil {
			e.cursors = map[string]int64{}
		}
		e.cursors[name] += n
	}
}

// absorb adds all that is known of another endpoint, which becomes part of this one.
func (e *endpoint) absorb(o *endpoint) {
	e.requests, e.bytes, e.sized = e.requests+o.requests, e.bytes+o.bytes, e.sized+o.sized
	e.posts, e.refused, e.signed, e.held = e.posts+o.posts, e.refused+o.refused, e.signed+o.signed, e.held+o.held
	e.reads, e.polled = e.reads+o.reads, e.polled+o.polled
	e.longest, e.lastSeen = max(e.longest, o.longest), max(e.lastSeen, o.lastSeen)
	if o.first != 0 && (e.first == 0 || o.first < e.first) {
		e.first = o.first
	}
	addAll(e.of[:], o.of[:])
	addAll(e.saved[:], o.saved[:])
	addAll(e.savedBytes[:], o.savedBytes[:])
	e.periods.merge(&o.periods)
	e.clients.merge(&o.clients)
	e.pollers.merge(&o.pollers)
	e.urls.merge(&o.urls)
	e.pairs.merge(&o.pairs)
	for name, n := range o.cursors {
		if e.cursors == nil {
			e.cursors = map[string]int64{}
		}
		e.cursors[name] += n
	}
	addAll(e.plain[:], o.plain[:])
	for name, n := range o.busters {
		if e.busters == nil {
			e.busters = map[string]int64{}
		}
		e.busters[name] += n
	}
	*o = endpoint{into: e}
}

func addAll(sums, more []int64) {
	for i, n := range more {
		sums[i] += n
	}
}

// cursor is the name that most polls move on by; "" if most have none.
func (e *endpoint) cursor() string {
	best, most := "", e.of[polling]/4
	for name, n := range e.cursors {
		if n > most || n == most && cmp.Less(name, best) {
			best, most = name, n
		}
	}
	return best
}
