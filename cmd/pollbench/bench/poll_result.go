package bench

import (
	"io"
	"maps"
	"slices"
	"strings"
)

// PollResult is the outcome of Poll.
type PollResult struct {
	Apart   bool     `json:"client_and_server_apart"`
	Rows    []Row    `json:"rows"`
	Missing []string `json:"not_installed"`
	Verdict Verdict  `json:"verdict"`
}

// The two answers.
const (
	full        = "200 from a snapshot"
	notModified = "304 from a snapshot"
)

// of are the rows of one of the two answers.
func (r *PollResult) of(answer string) []Row {
	return slices.DeleteFunc(slices.Clone(r.Rows), func(row Row) bool {
		return strings.HasSuffix(row.Server, unchanged) != (answer == notModified)
	})
}

// The bars of a poll that is answered from a snapshot.
const (
	barHit      = 1.15 // times a bare handler that sends the same
	barHitNginx = 0.7  // times nginx's cache hit
	barSame     = 1.0  // a 304, times a 200
)

// judge completes a result. That all answers were hits, and right, has been seen
// before.
func (r *PollResult) judge(bars bool) {
	for _, row := range r.Rows {
		switch {
		case !bars:
		case row.Server == pollmux:
			r.Verdict.most(row.Against, bare, barHit, "CPU of a 200")
			r.Verdict.most(row.Against, nginx, barHitNginx, "CPU of a 200")
		case row.Server == pollmux+unchanged:
			r.Verdict.most(row.Against, bare+unchanged, barHit, "CPU of a 304")
			r.Verdict.most(row.Against, pollmux, barSame, "CPU of a 304")
		}
	}
}

// Write tells the outcome.
func (r *PollResult) Write(w io.Writer) {
	writeRows(w, full, requests(), r.of(full), bare, nginx)
	writeRows(w, notModified, requests(), r.of(notModified), bare+unchanged, nginx+unchanged, pollmux)
	writeMissing(w, r.Missing)
	writeShared(w, r.Apart)
	r.Verdict.Write(w)
}

// Ratios are pollmux's.
func (r *PollResult) Ratios() map[string]Spread {
	ratios := ratiosOf(full, r.Rows)
	maps.Copy(ratios, ratiosAs(pollmux+unchanged, notModified, r.Rows))
	delete(ratios, full+", against "+bare+unchanged) // of different answers
	delete(ratios, full+", against "+nginx+unchanged)
	delete(ratios, notModified+", against "+bare)
	delete(ratios, notModified+", against "+nginx)
	return ratios
}

// Judge returns the verdict.
func (r *PollResult) Judge() Verdict { return r.Verdict }
