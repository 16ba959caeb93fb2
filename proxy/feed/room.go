package feed

// evictionSample is how many feeds are looked at to find one that can go. The
// oldest of a few at random is nearly as good as the oldest of all, and an
// attacker who makes every request need room cannot make it expensive.
const (
	evictionSample = 16
	evictionSearch = 64 // looked at before giving up: all of these are wanted
)

// makeRoomLocked makes room for one feed among those that nobody wants.
func (s *Feeds) makeRoomLocked() error {
	limits := s.limits.Load()
	if limits.Feeds > 0 && len(s.live) >= limits.Feeds && !s.evictLocked() {
		return ErrFull
	}
	for limits.Bytes > 0 && s.bytes.Load() >= limits.Bytes {
		if !s.evictLocked() {
			return ErrFullOfBytes
		}
	}
	return nil
}

// evictLocked ends the feed that has been unwanted for longest, of a sample.
// The memory of its snapshot counts as free at once.
func (s *Feeds) evictLocked() bool {
	var oldest *Feed
	looked := 0
	for _, f := range s.live { // in random order
		if f.references == 0 && (oldest == nil || f.used.Load() < oldest.used.Load()) {
			oldest = f
		}
		if looked++; looked >= evictionSearch || looked >= evictionSample && oldest != nil {
			break
		}
	}
	if oldest == nil {
		return false
	}
	s.retireLocked(oldest, true)
	oldest.free()
	close(oldest.evicted)
	return true
}

// trim evicts until the snapshots fit, as far as it can.
func (s *Feeds) trim() {
	if most := s.limits.Load().Bytes; most == 0 || s.bytes.Load() <= most {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for most := s.limits.Load().Bytes; most > 0 && s.bytes.Load() > most && s.evictLocked(); {
	}
}
