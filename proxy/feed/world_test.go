package feed

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// world is an origin whose resources change by themselves.
type world struct {
	begin   time.Time
	changes map[string][]time.Duration // of a path, since then

	// fields are those of an answer about a resource that changed last then; nil for
	// none.
	fields func(changed, now time.Time) []string
}

func newWorld() *world { return &world{begin: time.Now(), changes: map[string][]time.Duration{}} }

// atRandom has resources change so often, on average.
func (w *world) atRandom(c *rand.Rand, mean, horizon time.Duration, paths ...string) {
	for _, path := range paths {
		for at := time.Duration(0); at < horizon; {
			at += time.Duration(c.ExpFloat64() * float64(mean))
			w.changes[path] = append(w.changes[path], at)
		}
	}
}

// each has them as often as that, beginning at any time.
func (w *world) each(c *rand.Rand, period, horizon time.Duration, paths ...string) {
	for _, path := range paths {
		for at := time.Duration(c.Int64N(int64(period))); at < horizon; at += period {
			w.changes[path] = append(w.changes[path], at)
		}
	}
}

// seen is how many changes a resource had by then, and when the last was.
func (w *world) seen(path string, now time.Time) (n int, last time.Time) {
	changes := w.changes[path]
	n = sort.Search(len(changes), func(i int) bool { return w.begin.Add(changes[i]).After(now) })
	if n == 0 {
		return 0, w.begin
	}
	return n, w.begin.Add(changes[n-1])
}

// say answers a poll.
func (w *world) say(p *poll) *origin.Response {
	path := strings.Fields(p.line)[1]
	now := time.Now()
	n, last := w.seen(path, now)
	fields := []string{"Content-Type", "application/json"}
	if w.fields != nil {
		fields = append(fields, w.fields(last, now)...)
	}
	return response(200, fmt.Sprintf(`{"n": %d, "at": %q}`, n, last.UTC().Format(time.RFC3339Nano)), fields...)
}

// staleness is the mean age of the first change of a path that polls had not seen, of
// all the time from then on.
func (r *rig) staleness(w *world, from time.Time, paths ...string) time.Duration {
	sum := 0.0 // seconds times seconds
	for _, path := range paths {
		begins := slices.DeleteFunc(r.origin.beginsOf(path), from.After)
		for i := 1; i < len(begins); i++ {
			n, _ := w.seen(path, begins[i-1])
			if changes := w.changes[path]; n < len(changes) {
				late := begins[i].Sub(w.begin.Add(changes[n])).Seconds()
				sum += max(late, 0) * max(late, 0) / 2
			}
		}
	}
	return time.Duration(sum / time.Since(from).Seconds() / float64(len(paths)) * float64(time.Second))
}
