package accesslog

// maxFlows and maxFeeds bound what is remembered at once.
const (
	maxFlows = 400_000
	maxFeeds = 400_000
)

// flows are all that are not over, by key, and in the order of their last request.
type flows struct {
	byKey   map[uint64]*aged[flow]
	ages    ages[flow]
	clients map[uint64]*client
	next    uint64 // ID
	evicted int64  // before their time
	random  uint64
	most    int
	judged  func(f *flow)
}

func newFlows(most int, judged func(f *flow)) *flows {
	return &flows{byKey: map[uint64]*aged[flow]{}, clients: map[uint64]*client{}, most: most, judged: judged, random: 0x9e3779b97f4a7c15}
}

// add notes a request and returns its flow. Those that have been silent for too long
// are judged. place says where a new one belongs.
func (s *flows) add(r *request, place func(r *request) *endpoint) *flow {
	s.retire(r.order)
	key := mix(r.client, r.url)
	e := s.byKey[key]
	if e != nil && e.it.isOver(r.time) {
		s.finish(e)
		e = nil
	}
	if e == nil {
		e = s.begin(key, r)
		e.it.end = place(r)
	} else {
		s.ages.renew(e)
	}
	e.it.client.requests++
	e.it.add(r, s.chance())
	return &e.it
}

// chance is a random number, the same ones each time (xorshift).
func (s *flows) chance() uint64 {
	s.random ^= s.random << 13
	s.random ^= s.random >> 7
	s.random ^= s.random << 17
	return s.random
}

// mix makes one hash of two.
func mix(a, b uint64) uint64 {
	x := (a ^ b*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	return x ^ x>>32
}

func (s *flows) begin(key uint64, r *request) *aged[flow] {
	c := s.clients[r.client]
	if c == nil {
		c = &client{hash: r.client}
		s.clients[r.client] = c
	}
	c.flows++
	c.live++
	e := s.ages.begin()
	s.next++
	e.it = flow{id: s.next, key: key, url: r.url, client: c, last: r.time, method: r.method, kind: r.kind}
	s.byKey[key] = e
	return e
}

// retire judges flows that have been silent for too long, and the oldest if there
// are too many. It looks at a few at a time. Those that may be silent for longer go
// to the end of the line.
func (s *flows) retire(now int64) {
	for range 4 {
		e := s.ages.oldest
		switch {
		case e == nil:
			return
		case e.it.isOver(now):
			s.finish(e)
		case len(s.byKey) > s.most:
			s.evicted++
			s.finish(e)
		case now-e.it.last > silence:
			s.ages.renew(e)
			return
		default:
			return
		}
	}
}

// finish judges a flow and forgets it.
func (s *flows) finish(e *aged[flow]) {
	f := &e.it
	s.judged(f)
	delete(s.byKey, f.key)
	if f.client.live--; f.client.live == 0 {
		delete(s.clients, f.client.hash)
	}
	s.ages.drop(e)
}

// finishAll judges all that are left.
func (s *flows) finishAll() {
	for s.ages.oldest != nil {
		s.finish(s.ages.oldest)
	}
}
