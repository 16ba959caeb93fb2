package top

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Once prints the table, for what is no terminal: two readings, as far apart as the
// pace says, have the rates.
func Once(ctx context.Context, s Source, pace time.Duration, w io.Writer) error {
	var h history
	for range 2 {
		if len(h) > 0 {
			select {
			case <-time.After(pace):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		stats, err := stats(ctx, s)
		if err != nil {
			return err
		}
		h = h.with(stats)
	}
	rows, all := h.rows()
	all.name = "(all)"
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var titles []string
	for _, c := range columns() {
		titles = append(titles, c.title)
	}
	fmt.Fprintln(t, strings.Join(titles, "\t"))
	for _, r := range append(sorted(rows, columns()[1], false), all) {
		var cells []string
		for _, c := range columns() {
			cells = append(cells, c.text(&r))
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	if n := h.latest().StaleFeeds; n > 0 {
		fmt.Fprintf(t, "stale feeds: %d, whose last poll failed; pollmux explain --admin says why\n", n)
	}
	return t.Flush()
}
