package audience

import (
	"maps"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// counters are what happened since Begin. They belong to the loop.
type counters struct {
	deliveries, bytes, skips int64
	versions                 map[int64]*load.Histogram // how late each came
	newest                   int64
	late                     *load.Histogram // the newest's
}

func (n *counters) reset() { *n = counters{versions: map[int64]*load.Histogram{}} }

// delivered counts a snapshot that came behind another one.
func (n *counters) delivered(version, skipped, late int64) {
	n.deliveries++
	if skipped > 0 {
		n.skips++
	}
	if version != n.newest || n.late == nil {
		n.newest, n.late = version, n.of(version)
	}
	n.late.Add(time.Duration(late))
}

func (n *counters) of(version int64) *load.Histogram {
	h := n.versions[version]
	if h == nil {
		h = &load.Histogram{}
		n.versions[version] = h
	}
	return h
}

func (n *counters) lap() Lap {
	l := Lap{Deliveries: n.deliveries, Bytes: n.bytes, Skipped: n.skips, P50: []int64{}, P99: []int64{}, Last: []int64{}}
	for _, version := range slices.Sorted(maps.Keys(n.versions)) {
		h := n.versions[version]
		l.P50, l.P99 = append(l.P50, int64(h.Quantile(0.5))), append(l.P99, int64(h.Quantile(0.99)))
		l.Last = append(l.Last, int64(h.Max()))
	}
	return l
}
