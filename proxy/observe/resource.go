package observe

import "time"

// resource is what is known of a key: a feed that there would be. The lens
// guards it.
type resource struct {
	id    uint64
	place *place
	own   bool // an identity is part of its key
	used  time.Time

	poll   *poll     // the last that there would have been; nil if none
	alone  time.Time // until when each request would be on its own
	last   answer    // whose body is known
	tags   [4]tag    // of the last answers
	nextID int       // of tags

	records [records]*record
	polled  uint // answers that records were made of
	turn    uint // of the record that the next other belongs to
}

// place is what all keys of one URL have in common. generation counts the
// writes to it.
type place struct {
	id         uint64
	resources  int
	generation uint64
}

// pollState is how a poll ended.
type pollState uint8

const (
	flying pollState = iota
	shared
	lost // failed, or its answer is for nobody else
)

// poll is an upstream request that there would have been: the one that was
// passed first, and that of its client.
type poll struct {
	state      pollState
	began      time.Time
	generation uint64
	fresh      time.Time // until when it answers others; once it is shared
	token      uint64    // of its answer; 0 if unknown

	waiting sums     // of those who came meanwhile and have their answers already
	early   []answer // some of those
}

// maxEarly is how many answers wait to be compared.
const maxEarly = 8

// sums are what would have been saved.
type sums struct {
	requests, bytes, micros int64
}

func (s *sums) add(o sums) {
	s.requests += o.requests
	s.bytes += o.bytes
	s.micros += o.micros
}

// answers reports whether a request that comes now would be answered from a
// poll.
func (p *poll) answers(now time.Time, generation uint64, timeout time.Duration) bool {
	if p == nil || p.generation != generation {
		return false
	}
	return p.state == flying && now.Sub(p.began) < timeout || p.state == shared && now.Before(p.fresh)
}

// answer is what one client was given.
type answer struct {
	began, ended time.Time
	token        uint64 // of what counts of it; 0 if that is not known
	who          uint32 // of all traits that come back; 0: nobody
	fields       []field
}

// tag is an entity tag, by its hash, and what it stands for.
type tag struct {
	hash  uint32
	token uint64 // 0: for different bodies
}

// tagged notes what an entity tag stands for.
func (r *resource) tagged(hash uint32, token uint64) {
	for i := range r.tags {
		if t := &r.tags[i]; t.hash == hash {
			if t.token != token {
				t.token = 0
			}
			return
		}
	}
	r.tags[r.nextID%len(r.tags)] = tag{hash, token}
	r.nextID++
}

// named returns what an entity tag stands for, 0 if that is not known.
func (r *resource) named(hash uint32) uint64 {
	for _, t := range r.tags {
		if t.hash == hash {
			return t.token
		}
	}
	return 0
}
