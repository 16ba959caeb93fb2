package bench

import "io"

// HitResult is the outcome of Hit.
type HitResult struct {
	Rows    []Row    `json:"rows"`
	Missing []string `json:"not_installed"`
}

// Write tells the outcome.
func (r *HitResult) Write(w io.Writer) {
	writeRows(w, "snapshot hit", requests(), r.Rows, bare)
	writeMissing(w, r.Missing)
}

// Ratios are pollmux's.
func (r *HitResult) Ratios() map[string]Spread { return ratiosOf("snapshot hit", r.Rows) }

// Judge claims nothing: what is good depends on the machine.
func (r *HitResult) Judge() Verdict { return nil }
