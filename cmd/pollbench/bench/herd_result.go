package bench

import (
	"fmt"
	"io"
	"time"
)

// HerdResult is the outcome of Herd.
type HerdResult struct {
	N       int       `json:"n"`
	Body    int       `json:"body_bytes"`
	Apart   bool      `json:"client_and_server_apart"`
	Rows    []HerdRow `json:"rows"`
	Missing []string  `json:"not_installed"`
	Verdict Verdict   `json:"verdict"`
}

// HerdRow is what came out for one server.
type HerdRow struct {
	Server string `json:"server"`

	// CPU is microseconds of the server's CPU time per client and cycle: an
	// answer, and the next request held. P50, P99 and Last are milliseconds from
	// the publication until half of the clients had it, 99 % or all: the median of a
	// round's cycles. All are medians of the rounds.
	CPU  float64 `json:"cpu_us"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	Last float64 `json:"last_ms"`

	CPUAgainst map[string]Spread `json:"cpu_against"`
	P99Against map[string]Spread `json:"p99_against"`

	Clients    float64 `json:"clients_cpu_us"`
	Cycles     int     `json:"cycles"`
	Deliveries int64   `json:"deliveries"`
	Skipped    int64   `json:"skipped"` // deliveries behind a version that had been replaced by then

	Memory [2]int64 `json:"memory_bytes"`
}

// add takes a match in, and judges.
func (r *HerdResult) add(m *match, o HerdOptions) {
	ms := func(figure func(burstLap) float64) func(burstLap) float64 {
		return func(l burstLap) float64 { return figure(l) / 1e6 }
	}
	for _, one := range m.all {
		row := HerdRow{
			Server: one.name, CPUAgainst: map[string]Spread{}, P99Against: map[string]Spread{}, Memory: m.memory[one.name],
			CPU:     m.middle(one.name, func(l burstLap) float64 { return l.each() }),
			Clients: m.middle(one.name, func(l burstLap) float64 { return float64(l.clients) / 1e3 / l.units }),
			P50:     m.middle(one.name, ms(burstLap.half)),
			P99:     m.middle(one.name, ms(burstLap.ninetyNine)),
			Last:    m.middle(one.name, ms(burstLap.lastIn)),
		}
		for _, l := range m.laps[one.name] {
			row.Deliveries, row.Skipped, row.Cycles = row.Deliveries+l.Deliveries, row.Skipped+l.Skipped, row.Cycles+len(l.Last)
		}
		for _, reference := range []string{nchan, overSSE, pollmux} {
			if s, ok := m.cpu(one.name, reference); ok {
				row.CPUAgainst[reference] = s
			}
			if s, ok := m.p99(one.name, reference); ok {
				row.P99Against[reference] = s
			}
		}
		r.Rows = append(r.Rows, row)
	}
	r.judge(o.Bars, o.Every)
}

// barHerd is how much later a long poll may be answered than a stream is told.
const barHerd = 1.5

// judge judges pollmux. A client that was dropped, or did not end with the last
// version, or got one twice, has ended the benchmark before.
func (r *HerdResult) judge(bars bool, every time.Duration) {
	for _, row := range r.Rows {
		if row.Server == nchan || row.Server == overSSE {
			continue
		}
		v := &r.Verdict
		least := int64(r.N) * int64(row.Cycles)
		v.add(row.Deliveries+row.Skipped >= least && row.Deliveries > 0, row.Server+": nobody was lost: everybody got every version or a newer one, and the last",
			"%d clients, %d cycles, %d deliveries, %d of them behind a gap", r.N, row.Cycles, row.Deliveries, row.Skipped)
		v.add(row.Last < float64(every)/1e6, fmt.Sprintf("%s: a cycle takes less than %v", row.Server, every), "%.0f ms in the median", row.Last)
		v.add(float64(row.Memory[1]) <= growth*float64(row.Memory[0])+growthRSS, row.Server+": memory is flat", "%s, then %s", mebibytes(row.Memory[0]), mebibytes(row.Memory[1]))
		if bars && row.Server == pollmux {
			v.most(row.CPUAgainst, nchan, barLongpoll, "CPU per client and cycle")
			v.most(row.P99Against, overSSE, barHerd, "p99 of delivery")
		}
	}
}

// Write tells the outcome.
func (r *HerdResult) Write(w io.Writer) {
	t := newTable(fmt.Sprintf("%d long polls, %d B", r.N, r.Body), "CPU per client and cycle", "against "+nchan, "p50", "p99", "against "+overSSE, "last", "cycles", "(clients)")
	for _, row := range r.Rows {
		t.add(row.Server, fmt.Sprintf("%.2f µs", row.CPU), cell(row.CPUAgainst, nchan), fmt.Sprintf("%.1f ms", row.P50), fmt.Sprintf("%.1f ms", row.P99),
			cell(row.P99Against, overSSE), fmt.Sprintf("%.1f ms", row.Last), fmt.Sprint(row.Cycles), fmt.Sprintf("(%.2f µs)", row.Clients))
	}
	t.write(w)
	writeMissing(w, r.Missing)
	writeShared(w, r.Apart)
	r.Verdict.Write(w)
}

// Ratios are pollmux's.
func (r *HerdResult) Ratios() map[string]Spread {
	ratios := map[string]Spread{}
	for _, row := range r.Rows {
		if row.Server != pollmux {
			continue
		}
		if s, ok := row.CPUAgainst[nchan]; ok {
			ratios["CPU per client and cycle, against "+nchan] = s
		}
		ratios["p99 of delivery, against "+overSSE] = row.P99Against[overSSE]
	}
	return ratios
}

// Judge returns the verdict.
func (r *HerdResult) Judge() Verdict { return r.Verdict }
