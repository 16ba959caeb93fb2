package bench

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// MixedResult is the outcome of Mixed.
type MixedResult struct {
	Subscribers int                  `json:"subscribers"`
	Deliveries  map[load.Kind]int64  `json:"deliveries"`
	WireBytes   map[load.Kind]int    `json:"wire_bytes_per_delivery"`
	Skipped     int64                `json:"skipped"` // deliveries that jumped over a version
	PerInterval float64              `json:"origin_requests_per_interval"`
	Latency     map[string]Quantiles `json:"latency_ms"`
	RSS         [2]int64             `json:"rss_bytes"`  // medians of the second and the last quarter
	Goroutines  [2]int64             `json:"goroutines"` // the same

	// CPU is microseconds per message, of the proxy and of the bare loop.
	CPU   [2]float64 `json:"cpu_us"`
	Ratio Spread     `json:"cpu_against_loop"`

	Verdict Verdict `json:"verdict"`
}

// Quantiles are of durations, in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// The latencies, in the order in which they are told.
const (
	waited   = "change to poll"
	fannedTo = "poll to client"
	inAll    = "change to client"
	looped   = "bare loop to client"
)

func quantiles(h *load.Histogram) Quantiles {
	ms := func(d time.Duration) float64 { return rounded(float64(d) / 1e6) }
	return Quantiles{P50: ms(h.Quantile(0.5)), P99: ms(h.Quantile(0.99)), Max: ms(h.Max())}
}

// result is what came out.
func (b *mixed) result() *MixedResult {
	w := b.watch
	r := &MixedResult{
		Subscribers: b.members, Skipped: w.skipped.Load(), PerInterval: b.perInterval(),
		Deliveries: map[load.Kind]int64{}, WireBytes: map[load.Kind]int{},
		Latency: map[string]Quantiles{
			waited: quantiles(&w.waited), fannedTo: quantiles(&w.fanout), inAll: quantiles(&w.late), looped: quantiles(&b.loopLate),
		},
	}
	for k, a := range w.kinds {
		r.Deliveries[k], r.WireBytes[k] = a.deliveries.Load(), a.size()
	}
	for i, h := range b.halves {
		r.RSS[i], r.Goroutines[i] = h.late()
	}
	r.CPU, r.Ratio = b.cpu()
	r.Verdict = b.verdict(r)
	return r
}

// late is what the proxy was like in the later quarter of the half: medians.
func (h *half) late() (rss, goroutines int64) {
	var all [2][]int64
	for _, s := range h.samples[len(h.samples)/2:] {
		all[0], all[1] = append(all[0], s.rss), append(all[1], s.goroutines)
	}
	return medianInt(all[0]), medianInt(all[1])
}

// perInterval is how many requests the origin got per interval.
func (b *mixed) perInterval() float64 {
	polls, took := b.polls()
	return rounded(float64(polls) * float64(b.options.Interval) / float64(took))
}

func (b *mixed) polls() (polls int64, took time.Duration) {
	for _, h := range b.halves {
		polls, took = polls+h.polls, took+h.took
	}
	return polls, took
}

// cpu is the CPU time per message of the proxy and of the loop, and the ratios of
// the halves.
func (b *mixed) cpu() (each [2]float64, ratio Spread) {
	var proxy, loop []lap
	var sums [2]lap
	for _, h := range b.halves {
		proxy = append(proxy, lap{cpu: h.cpu, units: float64(h.deliveries)})
		loop = append(loop, lap{cpu: h.loopCPU, units: float64(h.loopMessages)})
		sums[0].cpu, sums[0].units = sums[0].cpu+h.cpu, sums[0].units+float64(h.deliveries)
		sums[1].cpu, sums[1].units = sums[1].cpu+h.loopCPU, sums[1].units+float64(h.loopMessages)
	}
	for i, s := range sums {
		if s.units > 0 {
			each[i] = rounded(s.each())
		}
	}
	return each, newSpread(ratios(proxy, loop))
}

// Write tells the outcome.
func (r *MixedResult) Write(w io.Writer) {
	r.writeKinds(w)
	r.writeLatency(w)
	proxy := newTable("pollmux", "second quarter", "last quarter")
	proxy.add("resident memory", mebibytes(r.RSS[0]), mebibytes(r.RSS[1]))
	proxy.add("goroutines", strconv.FormatInt(r.Goroutines[0], 10), strconv.FormatInt(r.Goroutines[1], 10))
	proxy.write(w)
	cpu := newTable("CPU per message", "pollmux", "bare loop", "ratio")
	cpu.add("", fmt.Sprintf("%.1f µs", r.CPU[0]), fmt.Sprintf("%.1f µs", r.CPU[1]), r.Ratio.String())
	cpu.write(w)
	r.Verdict.Write(w)
}

func (r *MixedResult) writeKinds(w io.Writer) {
	t := newTable("subscribers", "deliveries", "bytes per delivery")
	for _, k := range load.Kinds() {
		if n, ok := r.Deliveries[k]; ok {
			t.add(string(k), strconv.FormatInt(n, 10), strconv.Itoa(r.WireBytes[k]))
		}
	}
	t.write(w)
}

func (r *MixedResult) writeLatency(w io.Writer) {
	t := newTable("latency", "p50", "p99", "max")
	for _, name := range []string{waited, fannedTo, inAll, looped} {
		q := r.Latency[name]
		t.add(name, fmt.Sprintf("%.1f ms", q.P50), fmt.Sprintf("%.1f ms", q.P99), fmt.Sprintf("%.1f ms", q.Max))
	}
	t.write(w)
}
