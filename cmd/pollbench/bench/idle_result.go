package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// IdleResult is the outcome of Idle.
type IdleResult struct {
	Sizes   []int       `json:"sizes"`
	Rows    []Footprint `json:"rows"`
	Feeds   []IdleFeed  `json:"feeds"`
	Missing []string    `json:"not_installed"`
	Verdict Verdict     `json:"verdict"`
}

// Footprint is the user memory of one more idle client: the slope of the line
// through the points. What the kernel needs for its socket comes on top.
type Footprint struct {
	Server string     `json:"server"`
	Kind   load.Kind  `json:"kind,omitempty"`
	Points []Weighing `json:"points"` // by size

	// Memory is resident memory, but what is mapped from files, and with what
	// processes share counted once, after garbage was collected and free memory given back; AsIs is that before; InUse is what
	// Go counts, of heap and stacks. All are bytes per client.
	Memory Line `json:"memory_bytes"`
	AsIs   Line `json:"memory_as_is_bytes"`
	InUse  Line `json:"in_use_bytes"`

	// Ratio is that of Memory to a server with a goroutine per connection and
	// nothing else; 0 if that is too little to tell.
	Ratio float64 `json:"against_goroutine"`
}

// Weighing is a server's memory with some clients, in bytes.
type Weighing struct {
	AsIs   int64 `json:"as_is"`
	Memory int64 `json:"memory"`
	InUse  int64 `json:"in_use"`
}

// fit draws the lines through the points.
func (f *Footprint) fit(sizes []int) {
	var x, memory, asIs, inUse []float64
	for i, p := range f.Points {
		x = append(x, float64(sizes[i]))
		memory, asIs, inUse = append(memory, float64(p.Memory)), append(asIs, float64(p.AsIs)), append(inUse, float64(p.InUse))
	}
	f.Memory, f.AsIs, f.InUse = fit(x, memory), fit(x, asIs), fit(x, inUse)
}

// complete fills in the ratios, and judges.
func (r *IdleResult) complete(bars bool) {
	var base float64
	for _, f := range r.Rows {
		if f.Server == goroutine {
			base = f.Memory.Slope
		}
	}
	for i, f := range r.Rows {
		if base > 0 {
			r.Rows[i].Ratio = rounded(max(f.Memory.Slope, 0) / base)
		}
	}
	if bars {
		r.judge()
	}
}

// The bars: bytes per idle client, and percent of a core for an idle feed.
const (
	barStream   = 2 << 10
	barTwoWay   = 3 << 10 // of a WebSocket, or a long poll
	barIdleFeed = 1.0
)

func (r *IdleResult) judge() {
	v := &r.Verdict
	for _, f := range r.Rows {
		bar := barStream
		if f.Kind == load.WebSocket || f.Kind == load.Longpoll {
			bar = barTwoWay
		}
		if strings.HasPrefix(f.Server, pollmux+", ") {
			v.add(f.Memory.Slope <= float64(bar), fmt.Sprintf("memory per idle %s: at most %s", f.Kind, kibibytes(float64(bar))), "%s", kibibytes(f.Memory.Slope))
		}
	}
	for _, f := range r.Feeds {
		if f.Server == pollmux {
			v.add(f.CPU < barIdleFeed, fmt.Sprintf("an idle feed with %d of %s: less than %g %% of a core", f.N, f.Kind, barIdleFeed), "%.2f %%", f.CPU)
		}
	}
}

// Write tells the outcome.
func (r *IdleResult) Write(w io.Writer) {
	t := newTable("user memory per idle client", "", "against "+goroutine, "fit (r²)", "before collecting garbage", "heap and stacks in use", "a million*")
	for _, f := range r.Rows {
		t.add(f.Server, kibibytes(f.Memory.Slope), fmt.Sprintf("%.2f", f.Ratio), fmt.Sprintf("%.3f", f.Memory.Fit), kibibytes(f.AsIs.Slope),
			kibibytes(f.InUse.Slope), fmt.Sprintf("%.1f GiB", f.Memory.at(million)/(1<<30)))
	}
	t.write(w)
	fmt.Fprintf(w, "Each is the slope of a least-squares line through %d points, %s clients.\n"+
		"The kernel's own memory for a socket is not in it.\n* Extrapolated along that line, and never measured.\n\n",
		len(r.Sizes), strings.Join(strings.Fields(strings.Trim(fmt.Sprint(r.Sizes), "[]")), ", "))
	if len(r.Feeds) > 0 {
		feeds := newTable("a feed without an event", "subscribers", "CPU, of one core")
		for _, f := range r.Feeds {
			feeds.add(fmt.Sprintf("%s, %s", f.Server, f.Kind), fmt.Sprint(f.N), fmt.Sprintf("%.2f %%", f.CPU))
		}
		feeds.write(w)
	}
	writeMissing(w, r.Missing)
	r.Verdict.Write(w)
}

// Ratios are those of the kinds of subscribers.
func (r *IdleResult) Ratios() map[string]Spread {
	ratios := map[string]Spread{}
	for _, f := range r.Rows {
		if name, ok := strings.CutPrefix(f.Server, pollmux+", "); ok && slices.Contains(load.Kinds(), load.Kind(name)) {
			ratios[name+", against "+goroutine] = newSpread([]float64{f.Ratio})
		}
	}
	return ratios
}

// Judge returns the verdict.
func (r *IdleResult) Judge() Verdict { return r.Verdict }
