package bench

import (
	"fmt"
	"io"
)

// Verdict is whether what was claimed is so, point by point.
type Verdict []Point

// Point is one claim.
type Point struct {
	Claim string `json:"claim"`
	Found string `json:"found"`
	Good  bool   `json:"good"`
}

func (v *Verdict) add(good bool, claim, found string, args ...any) {
	*v = append(*v, Point{Claim: claim, Found: fmt.Sprintf(found, args...), Good: good})
}

// Good reports whether all of it is.
func (v Verdict) Good() bool {
	for _, p := range v {
		if !p.Good {
			return false
		}
	}
	return true
}

// Write tells it.
func (v Verdict) Write(w io.Writer) {
	words := map[bool]string{true: "good", false: "BAD"}
	t := newTable("verdict: " + words[v.Good()])
	for _, p := range v {
		t.add("  "+words[p.Good], p.Claim, p.Found)
	}
	t.write(w)
}
