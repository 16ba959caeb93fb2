package bench

import (
	"fmt"
	"io"
	"math"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// Growth is how the cost of telling something once grows with what there is more
// of.
type Growth struct {
	Kind   load.Kind `json:"kind"`
	Server string    `json:"server"`
	Of     string    `json:"of"` // what there is more of: subscribers, feeds

	// CPU is the line through the milliseconds of CPU time that telling all
	// once takes, Last that through those until the last has it.
	CPU  Line `json:"cpu_ms"`
	Last Line `json:"last_ms"`
}

// Line is a least-squares fit.
type Line struct {
	Fixed  float64 `json:"fixed"`  // at 0
	Slope  float64 `json:"slope"`  // per one more
	Fit    float64 `json:"r2"`     // 1: all points are on the line
	Points int     `json:"points"` // that were measured
}

// fit is the line through the points for which the sum of the squares of the
// vertical distances is least.
func fit(x, y []float64) Line {
	n := float64(len(x))
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var xx, xy, yy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	l := Line{Points: len(x), Fixed: my, Fit: 1}
	if xx > 0 {
		l.Slope = xy / xx
		l.Fixed = my - l.Slope*mx
	}
	if xx > 0 && yy > 0 {
		l.Fit = xy * xy / (xx * yy)
	}
	return l
}

// at is where the line is.
func (l Line) at(x float64) float64 { return l.Fixed + l.Slope*x }

// grow finds the lines in rows that differ in one size only. Of feeds, the bare loop
// and nchan have none.
func grow(rows []FanRow) (all []Growth) {
	for _, of := range []string{"subscribers", "feeds"} {
		groups := map[string][]FanRow{}
		var order []string
		for _, row := range rows {
			if of == "feeds" && (row.Server == bareLoop || row.Server == nchan) {
				continue
			}
			key := fmt.Sprint(row.Kind, row.Server, row.other(of))
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], row)
		}
		for _, key := range order {
			if g := groups[key]; len(g) > 1 {
				all = append(all, growthOf(of, g))
			}
		}
	}
	return all
}

// size is how much there is of what there is more of, other how much of the other.
func (row FanRow) size(of string) int {
	if of == "feeds" {
		return row.Feeds
	}
	return row.N
}

func (row FanRow) other(of string) int { return row.N + row.Feeds - row.size(of) }

func growthOf(of string, rows []FanRow) Growth {
	var x, cpu, last []float64
	for _, row := range rows {
		x = append(x, float64(row.size(of)))
		cpu, last = append(cpu, row.CPU*float64(row.N)/1e3), append(last, row.Last)
	}
	return Growth{Kind: rows[0].Kind, Server: rows[0].Server, Of: of, CPU: fit(x, cpu), Last: fit(x, last)}
}

// million is what people ask for.
const million = 1_000_000

// writeGrowth tells the slopes.
func writeGrowth(w io.Writer, all []Growth) {
	if len(all) == 0 {
		return
	}
	t := newTable("growth", "with", "CPU per one more", "fit (r²)", "CPU for a million*", "last per one more", "last of a million*")
	for _, g := range all {
		last := [2]string{fmt.Sprintf("%.2f µs", g.Last.Slope*1e3), seconds(g.Last.at(million))}
		if g.Of == "feeds" { // each is told when it is polled
			last = [2]string{"–", "–"}
		}
		t.add(fmt.Sprintf("%s, %s", g.Kind, g.Server), g.Of,
			fmt.Sprintf("%.2f µs", g.CPU.Slope*1e3), fmt.Sprintf("%.3f", g.CPU.Fit), seconds(g.CPU.at(million)),
			last[0], last[1])
	}
	t.write(w)
	fmt.Fprintln(w, "* Extrapolated along a least-squares line, on one core, and never measured.")
	fmt.Fprintln(w)
}

// seconds is a cell. What is below nothing was too small to be told from it.
func seconds(ms float64) string { return fmt.Sprintf("%.1f s", math.Max(ms, 0)/1e3) }
