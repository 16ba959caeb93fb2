package replay

// adaptiveTTL polls at intervals that are a share of the time since the last change,
// as caches guess how long an answer is good.
type adaptiveTTL struct {
	even    float64
	polled  []float64 // when it was, the last time
	changed []float64 // when it was about to have changed
}

// The share, and the bounds in even intervals, were chosen as those of [aimd] were, of
// some 200. Again it is the bounds that matter, and the share hardly.
const (
	ttlShare = 0.2
	ttlLeast = 0.5
	ttlMost  = 1.2
)

func newAdaptiveTTL(s setting) policy {
	a := &adaptiveTTL{even: s.even(), polled: make([]float64, len(s.weights)), changed: make([]float64, len(s.weights))}
	return newPaced(s, evenly(s), a.learn)
}

// learn takes a change to have been halfway between two polls, which is a little
// better than to take it to be new.
func (a *adaptiveTTL) learn(i int, now float64, changed bool) float64 {
	if changed {
		a.changed[i] = (a.polled[i] + now) / 2
	}
	a.polled[i] = now
	return min(max(ttlShare*(now-a.changed[i]), ttlLeast*a.even), ttlMost*a.even)
}
