package top

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// column is one of the table. The first is the route's name, and has what room the
// others leave.
type column struct {
	title string
	key   string // that sorts by it; "" for none of its own
	help  string
	text  func(r *row) string
	value func(r *row) float64 // by which it is sorted, the largest first; nil for the name
}

// columnWidth is the width of all but the first, the space before it included.
const (
	columnWidth = 10
	nameWidth   = 12 // at least
)

func columns() []column {
	return []column{
		{"ROUTE", "N", "the route's name", func(r *row) string { return r.name }, nil},
		{"CLIENTS/s", "C", "requests a second that the origin would get without pollmux", func(r *row) string { return rateText(r.clients) }, func(r *row) float64 { return r.clients }},
		{"ORIGIN/s", "P", "requests a second that it gets", func(r *row) string { return rateText(r.origin) }, func(r *row) float64 { return r.origin }},
		{"SAVED%", "S", "what that saves; with ~ what it would, on a route that is observed", savedText, func(r *row) float64 { return r.saved }},
		{"HELD", "M", "clients that are held now: long polls, streams, WebSockets", func(r *row) string { return countText(r.total.Held()) }, func(r *row) float64 { return float64(r.total.Held()) }},
		{"STALE p99", "T", "how old what clients had may have been, 99 of 100 times, since the start", func(r *row) string { return timeText(r.total.StalenessSeconds.P99) }, func(r *row) float64 { return r.total.StalenessSeconds.P99 }},
		{"FEEDS", "F", "resources that are known now", func(r *row) string { return countText(r.total.Feeds) }, func(r *row) float64 { return float64(r.total.Feeds) }},
		{"ERRORS/s", "E", "requests a second that the origin failed", func(r *row) string { return rateText(r.errors) }, func(r *row) float64 { return r.errors }},
		{"ALONE/s", "A", "requests a second that could not be answered from a poll; Enter says why", func(r *row) string { return rateText(r.alone) }, func(r *row) float64 { return r.alone }},
		{"NEW/s", "U", "new versions a second", func(r *row) string { return rateText(r.updates) }, func(r *row) float64 { return r.updates }},
		{"TOLD/s", "D", "new versions a second that were written to clients that are held", func(r *row) string { return rateText(r.deliveries) }, func(r *row) float64 { return r.deliveries }},
		{"TOLD p99", "", "how long that took, 99 of 100 times, since the start", func(r *row) string { return timeText(r.total.DeliverySeconds.P99) }, func(r *row) float64 { return r.total.DeliverySeconds.P99 }},
		{"SAVED", "", "requests saved since the start, measured and estimated", func(r *row) string { return countText(savedTotal(r)) }, func(r *row) float64 { return float64(savedTotal(r)) }},
	}
}

func savedTotal(r *row) int64 { return r.total.SavedRequestsMeasured + r.total.SavedRequestsEstimated }

func savedText(r *row) string {
	text := shareText(r.saved)
	if r.observed && text != none {
		return "~" + text
	}
	return text
}

// sorted sorts rows by a column; what is unknown comes last. Equal ones are in the
// order of their names, so that nothing jumps.
func sorted(rows []row, by column, reverse bool) []row {
	all := slices.Clone(rows)
	slices.SortStableFunc(all, func(a, b row) int {
		byName := cmp.Or(cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), cmp.Compare(a.name, b.name))
		if by.value == nil {
			return turned(byName, reverse)
		}
		x, y := by.value(&a), by.value(&b)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return byName
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		}
		return cmp.Or(turned(cmp.Compare(y, x), reverse), byName)
	})
	return all
}

func turned(order int, reverse bool) int {
	if reverse {
		return -order
	}
	return order
}

// filtered keeps the rows whose name has a text, whatever the case.
func filtered(rows []row, text string) []row {
	if text == "" {
		return rows
	}
	text = strings.ToLower(text)
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !strings.Contains(strings.ToLower(r.name), text) })
}
