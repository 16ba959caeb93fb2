package bench

import (
	"fmt"
	"io"
	"slices"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// IdleResult is the outcome of Idle.
type IdleResult struct {
	Sizes [2]int      `json:"sizes"`
	Rows  []Footprint `json:"rows"`
}

// Footprint is the user memory of one more idle client, in bytes: the slope
// between two sizes. What the kernel needs for its socket comes on top.
type Footprint struct {
	Server string `json:"server"`

	// RSS is resident memory once garbage was collected and free memory given
	// back; AsIs is that before; InUse is what Go counts, of heap and stacks.
	RSS   float64 `json:"rss_bytes"`
	AsIs  float64 `json:"rss_as_is_bytes"`
	InUse float64 `json:"in_use_bytes"`

	// Ratio is that of RSS to a server with a goroutine per connection and
	// nothing else; 0 if that is too little to tell.
	Ratio float64 `json:"against_goroutine"`
}

// compare fills in the ratios.
func (r *IdleResult) compare() {
	var base float64
	for _, f := range r.Rows {
		if f.Server == goroutine {
			base = f.RSS
		}
	}
	for i := range r.Rows {
		if base > 0 {
			r.Rows[i].Ratio = rounded(max(r.Rows[i].RSS, 0) / base)
		}
	}
}

// Write tells the outcome.
func (r *IdleResult) Write(w io.Writer) {
	t := newTable("user memory per idle client", "RSS", "against "+goroutine, "RSS before collecting garbage", "heap and stacks in use")
	for _, f := range r.Rows {
		t.add(f.Server, kibibytes(f.RSS), fmt.Sprintf("%.2f", f.Ratio), kibibytes(f.AsIs), kibibytes(f.InUse))
	}
	t.write(w)
	fmt.Fprintf(w, "Each is the slope of a line through two points, %d and %d clients. Beyond %d it is\n"+
		"an extrapolation, and no measurement. The kernel's own memory for a socket is not in it.\n", r.Sizes[0], r.Sizes[1], r.Sizes[1])
}

// Ratios are those of the kinds of subscribers.
func (r *IdleResult) Ratios() map[string]Spread {
	ratios := map[string]Spread{}
	for _, f := range r.Rows {
		if k := load.Kind(f.Server); slices.Contains(load.Kinds(), k) {
			ratios[f.Server+", against "+goroutine] = newSpread([]float64{f.Ratio})
		}
	}
	return ratios
}

// Judge claims nothing.
func (r *IdleResult) Judge() Verdict { return nil }
