package audience

import (
	"slices"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"time"
)

// counters are what happened since Begin. They belong to the loop.
type counters struct {
	deliveries, bytes, skips int64
	late                     *load.Histogram
	last                     map[int64]int64 // the longest latency, by version
	newest                   int64           // with its latency so far, not in last yet
	latest                   int64
}

func (n *counters) reset() { *n = counters{late: &load.Histogram{}, last: map[int64]int64{}} }

// delivered counts a snapshot that came behind another one.
func (n *counters) delivered(version, skipped, late int64) {
	n.deliveries++
	if skipped > 0 {
		n.skips++
	}
	n.late.Add(time.Duration(late))
	if version != n.newest {
		n.keep()
		n.newest, n.latest = version, n.last[version]
	}
	n.latest = max(n.latest, late)
}

// keep puts the latency of the newest version where the others' are.
func (n *counters) keep() {
	if n.newest > 0 {
		n.last[n.newest] = n.latest
	}
}

func (n *counters) lap() Lap {
	n.keep()
	l := Lap{
		Deliveries: n.deliveries, Bytes: n.bytes, Skipped: n.skips,
		P50: int64(n.late.Quantile(0.5)), P99: int64(n.late.Quantile(0.99)), Last: []int64{},
	}
	versions := make([]int64, 0, len(n.last))
	for v := range n.last {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	for _, v := range versions {
		l.Last = append(l.Last, n.last[v])
	}
	return l
}
