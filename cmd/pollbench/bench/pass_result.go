package bench

import (
	"io"
	"maps"
)

// PassResult is the outcome of Pass. Small counts requests, the others MiB.
type PassResult struct {
	Small   []Row    `json:"small"`
	Down    []Row    `json:"down"`
	Up      []Row    `json:"up"`
	Missing []string `json:"not_installed"`
}

// Write tells the outcome.
func (r *PassResult) Write(w io.Writer) {
	writeRows(w, smallGET, requests(), r.Small, nginx, bare)
	writeRows(w, download, bulk(), r.Down, nginx, bare)
	writeRows(w, upload, bulk(), r.Up, nginx, bare)
	writeMissing(w, r.Missing)
}

// Ratios are pollmux's.
func (r *PassResult) Ratios() map[string]Spread {
	ratios := ratiosOf(smallGET, r.Small)
	maps.Copy(ratios, ratiosOf(download, r.Down))
	maps.Copy(ratios, ratiosOf(upload, r.Up))
	return ratios
}

// Judge claims nothing: what is good depends on the machine.
func (r *PassResult) Judge() Verdict { return nil }
