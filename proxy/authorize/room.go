package authorize

import "time"

// sample is how many entries are looked at to find one that can go.
const sample = 16

// makeRoomLocked makes room for one consent: at the expense of those that have
// ended, or of any. Whose is lost is looked into again.
func (r *Register) makeRoomLocked(now time.Time) {
	oldest, ends := r.oldestLocked()
	for r.count > 0 && (r.limit > 0 && r.count >= r.limit || ends.Before(now)) {
		if !ends.Before(now) {
			r.full()
		}
		r.removeLocked(oldest)
		oldest, ends = r.oldestLocked()
	}
}

// oldestLocked is the consent that ends first, of a random sample.
func (r *Register) oldestLocked() (oldest Claim, ends time.Time) {
	looked := 0
	for who, mine := range r.consents { // in random order
		for what, c := range mine {
			if looked == 0 || c.grace.Before(ends) {
				oldest, ends = Claim{who, what}, c.grace
			}
			if looked++; looked == sample {
				return oldest, ends
			}
		}
	}
	return oldest, ends
}

// Guard notes that the origin refuses polls of a resource without credentials.
func (r *Register) Guard(resource ID, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	trim(r.guarded, r.limit, now)
	r.guarded[resource] = now.Add(guardTime)
}

// Guarded reports whether that was noted within the last hour.
func (r *Register) Guarded(resource ID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.guarded[resource])
}

// Deny notes that the origin refused a resource to a client that it lets in
// otherwise, until then.
func (r *Register) Deny(c Claim, now, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	trim(r.denied, r.limit, now)
	r.denied[c] = until
}

// Denied reports whether that was noted.
func (r *Register) Denied(c Claim, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	until, known := r.denied[c]
	if known && !now.Before(until) {
		delete(r.denied, c)
	}
	return now.Before(until)
}

// trim makes room for one more in a set of times: at the expense of those before
// now, or of any.
func trim[K comparable](set map[K]time.Time, limit int, now time.Time) {
	oldest, ends := first(set)
	for len(set) > 0 && (limit > 0 && len(set) >= limit || ends.Before(now)) {
		delete(set, oldest)
		oldest, ends = first(set)
	}
}

// first is the one of a random sample that is first.
func first[K comparable](set map[K]time.Time) (key K, ends time.Time) {
	looked := 0
	for k, until := range set {
		if looked == 0 || until.Before(ends) {
			key, ends = k, until
		}
		if looked++; looked == sample {
			break
		}
	}
	return key, ends
}
