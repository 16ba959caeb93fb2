package bench

import (
	"fmt"
	"maps"
	"slices"
)

// Compare judges ratios by those of an earlier run: each may be tolerance times
// what it was. One that was not measured now is told, and is no fault; that is how
// it is with a peer that is not installed.
func Compare(then, now map[string]Spread, tolerance float64) Verdict {
	var v Verdict
	for _, name := range slices.Sorted(maps.Keys(then)) {
		most := rounded(then[name].Median * tolerance)
		claim := fmt.Sprintf("%s: at most %.2f, it was %.2f", name, most, then[name].Median)
		found, measured := now[name]
		switch {
		case then[name] == (Spread{}):
			v.add(true, claim, "there is nothing to compare with")
		case !measured:
			v.add(true, claim, "not measured here")
		default:
			v.add(found.Median <= most && found != Spread{}, claim, "%v", found)
		}
	}
	return v
}

// ratiosOf are the ratios of pollmux in a contest, by what they are of.
func ratiosOf(title string, rows []Row) map[string]Spread { return ratiosAs(pollmux, title, rows) }

// ratiosAs are those of a contestant.
func ratiosAs(server, title string, rows []Row) map[string]Spread {
	ratios := map[string]Spread{}
	for _, row := range rows {
		if row.Server != server {
			continue
		}
		for reference, spread := range row.Against {
			ratios[title+", against "+reference] = spread
		}
	}
	return ratios
}
