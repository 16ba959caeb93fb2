package bench

import (
	"io"
	"iter"
	"maps"
)

// PassResult is the outcome of Pass. Small counts requests, the others MiB.
type PassResult struct {
	Small   []Row    `json:"small"`
	Down    []Row    `json:"down"`
	Up      []Row    `json:"up"`
	Missing []string `json:"not_installed"`
	Apart   bool     `json:"client_and_server_apart"`
	Verdict Verdict  `json:"verdict"`
}

// barPass is how much of nginx's CPU time a passed request may take.
const barPass = 1.0

// judge completes a result.
func (r *PassResult) judge(bars bool) {
	for title, rows := range r.parts() {
		for _, row := range rows {
			if bars && row.Server == pollmux {
				r.Verdict.most(row.Against, nginx, barPass, "CPU of a "+title)
			}
		}
	}
}

// parts are the parts of the benchmark, in order.
func (r *PassResult) parts() iter.Seq2[string, []Row] {
	return func(yield func(string, []Row) bool) {
		_ = yield(smallGET, r.Small) && yield(download, r.Down) && yield(upload, r.Up)
	}
}

// Write tells the outcome.
func (r *PassResult) Write(w io.Writer) {
	writeRows(w, smallGET, requests(), r.Small, nginx, bare)
	writeRows(w, download, bulk(), r.Down, nginx, bare)
	writeRows(w, upload, bulk(), r.Up, nginx, bare)
	writeMissing(w, r.Missing)
	writeShared(w, r.Apart)
	r.Verdict.Write(w)
}

// Ratios are pollmux's.
func (r *PassResult) Ratios() map[string]Spread {
	ratios := map[string]Spread{}
	for title, rows := range r.parts() {
		maps.Copy(ratios, ratiosOf(title, rows))
	}
	return ratios
}

// Judge returns the verdict.
func (r *PassResult) Judge() Verdict { return r.Verdict }
