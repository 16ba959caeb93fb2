package bench

import (
	"fmt"
	"io"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// FanResult is the outcome of Fan.
type FanResult struct {
	Body    int         `json:"body_bytes"`
	Coding  string      `json:"coding,omitempty"`
	Apart   bool        `json:"client_and_server_apart"`
	Rows    []FanRow    `json:"rows"`
	Growth  []Growth    `json:"growth"`
	Slow    *SlowResult `json:"slow,omitempty"`
	Missing []string    `json:"not_installed"`
	Verdict Verdict     `json:"verdict"`
}

// FanRow is what came out for one server.
type FanRow struct {
	Kind   load.Kind `json:"kind"`
	N      int       `json:"n"`
	Feeds  int       `json:"feeds"`
	Server string    `json:"server"`

	// CPU is microseconds of the server's CPU time per delivery, Last, P99 and P50
	// milliseconds from the publication until the last client had it, 99 % or half
	// of them: the median of a round's bursts. All are medians of the rounds.
	CPU  float64 `json:"cpu_us"`
	Last float64 `json:"last_ms"`
	P99  float64 `json:"p99_ms"`
	P50  float64 `json:"p50_ms"`

	// The ratios to others in the same round, by their name.
	CPUAgainst  map[string]Spread `json:"cpu_against"`
	LastAgainst map[string]Spread `json:"last_against"`

	// Clients is microseconds of the clients' CPU time per delivery, on cores of
	// their own. If it is above CPU, they may be what the server waits for.
	Clients float64 `json:"clients_cpu_us"`

	Deliveries int64    `json:"deliveries"`
	Wire       int64    `json:"bytes_per_delivery"`
	Skipped    int64    `json:"skipped"`
	Memory     [2]int64 `json:"memory_bytes"` // before and after

	// Requests that the origin of pollmux got, and how many there may be.
	Polls    int64 `json:"origin_requests"`
	MaxPolls int64 `json:"origin_requests_allowed"`
}

// add takes the outcome of a contest in.
func (r *FanResult) add(m *match, k load.Kind, n, feeds int, interval time.Duration) {
	ms := func(ns float64) float64 { return ns / 1e6 }
	for _, one := range m.all {
		row := FanRow{
			Kind: k, N: n, Feeds: feeds, Server: one.name, Memory: m.memory[one.name],
			CPUAgainst: map[string]Spread{}, LastAgainst: map[string]Spread{},
			CPU:     m.middle(one.name, func(l burstLap) float64 { return l.each() }),
			Last:    m.middle(one.name, func(l burstLap) float64 { return ms(l.lastIn()) }),
			P99:     m.middle(one.name, func(l burstLap) float64 { return ms(l.ninetyNine()) }),
			Clients: m.middle(one.name, func(l burstLap) float64 { return float64(l.clients) / 1e3 / l.units }),

			P50: m.middle(one.name, func(l burstLap) float64 { return ms(l.half()) }),
		}
		for _, l := range m.laps[one.name] {
			row.Deliveries, row.Wire, row.Skipped = row.Deliveries+l.Deliveries, row.Wire+l.Bytes, row.Skipped+l.Skipped
			row.Polls += l.polls
			row.MaxPolls += int64(feeds)*(int64(l.over/interval)+1) + slack
		}
		row.Wire /= max(row.Deliveries, 1)
		for _, reference := range []string{bareLoop, nchan, pollmux} {
			if s, ok := m.cpu(one.name, reference); ok {
				row.CPUAgainst[reference] = s
			}
			if s, ok := m.last(one.name, reference); ok {
				row.LastAgainst[reference] = s
			}
		}
		r.Rows = append(r.Rows, row)
	}
}

// Write tells the outcome.
func (r *FanResult) Write(w io.Writer) {
	for i, row := range r.Rows {
		if i == 0 || !row.with(r.Rows[i-1]) {
			r.writeContest(w, r.Rows[i:])
		}
	}
	writeGrowth(w, r.Growth)
	if r.Slow != nil {
		r.Slow.write(w)
	}
	writeMissing(w, r.Missing)
	writeShared(w, r.Apart)
	r.Verdict.Write(w)
}

// with is whether two rows are of one contest.
func (row FanRow) with(other FanRow) bool {
	return row.Kind == other.Kind && row.N == other.N && row.Feeds == other.Feeds
}

// writeContest writes the rows of the first one's contest.
func (r *FanResult) writeContest(w io.Writer, rows []FanRow) {
	first := rows[0]
	head := fmt.Sprintf("%d B to %d of %s", r.Body, first.N, first.Kind)
	if first.Feeds > 1 {
		head += fmt.Sprintf(" on %d feeds", first.Feeds)
	}
	if r.Coding != "" {
		head += fmt.Sprintf(" in %s, %d B on the wire", r.Coding, first.Wire)
	}
	t := newTable(head, "CPU per delivery", "against "+bareLoop, "against "+nchan, "p99", "last", "against "+bareLoop, "(clients)")
	for _, row := range rows {
		if row.with(first) {
			t.add(row.Server, fmt.Sprintf("%.2f µs", row.CPU), cell(row.CPUAgainst, bareLoop), cell(row.CPUAgainst, nchan),
				fmt.Sprintf("%.1f ms", row.P99), fmt.Sprintf("%.1f ms", row.Last), cell(row.LastAgainst, bareLoop), fmt.Sprintf("(%.2f µs)", row.Clients))
		}
	}
	t.write(w)
}

// cell is a ratio as it stands in a table.
func cell(ratios map[string]Spread, reference string) string {
	if s, ok := ratios[reference]; ok {
		return s.String()
	}
	return "–"
}

// Ratios are pollmux's.
func (r *FanResult) Ratios() map[string]Spread {
	ratios := map[string]Spread{}
	for _, row := range r.Rows {
		if row.Server != pollmux {
			continue
		}
		name := fmt.Sprintf("%s to %d", row.Kind, row.N)
		if row.Feeds > 1 {
			name += fmt.Sprintf(" on %d feeds", row.Feeds)
		}
		for reference, s := range row.CPUAgainst {
			ratios[name+", CPU against "+reference] = s
		}
		if s, ok := row.LastAgainst[bareLoop]; ok {
			ratios[name+", the last against "+bareLoop] = s
		}
	}
	return ratios
}

// Judge returns the verdict.
func (r *FanResult) Judge() Verdict { return r.Verdict }
