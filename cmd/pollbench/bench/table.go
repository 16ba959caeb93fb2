package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table is columns of text. The first is a name, to the left of figures.
type table struct {
	rows [][]string
}

func newTable(head ...string) *table { return &table{rows: [][]string{head}} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the table and an empty line.
func (t *table) write(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range t.rows {
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	_ = out.Flush() // an error of w shows where it matters, in the JSON
	fmt.Fprintln(w)
}

// requests and bulk are units.
func requests() [2]string { return [2]string{"request", "requests"} }
func bulk() [2]string     { return [2]string{"MiB", "MiB"} }

// writeRows writes a contest's outcome. unit is what is counted, one and many.
func writeRows(w io.Writer, title string, unit [2]string, rows []Row, references ...string) {
	head := []string{title, "CPU per " + unit[0]}
	for _, r := range references {
		head = append(head, "against "+r)
	}
	t := newTable(append(head, unit[1]+" per second")...)
	for _, row := range rows {
		cells := []string{row.Server, fmt.Sprintf("%.1f µs", row.CPU)}
		for _, r := range references {
			cells = append(cells, row.against(r))
		}
		t.add(append(cells, fmt.Sprintf("%.0f", row.Rate))...)
	}
	t.write(w)
}

// against is a cell: a server has no ratio to itself, nor to one that is not
// there.
func (r *Row) against(reference string) string {
	spread, ok := r.Against[reference]
	switch {
	case r.Server == reference:
		return "1"
	case !ok:
		return "–"
	}
	return spread.String()
}

// writeMissing names the peers that were left out.
func writeMissing(w io.Writer, missing []string) {
	if len(missing) > 0 {
		fmt.Fprintf(w, "Not installed, and so left out: %s.\n", strings.Join(missing, ", "))
	}
}

// writeShared tells that the load and the server competed.
func writeShared(w io.Writer, apart bool) {
	if !apart {
		fmt.Fprintln(w, "Clients and servers shared the cores: there is only one, or this is not Linux.")
	}
}

// mebibytes is a cell.
func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// kibibytes is a cell.
func kibibytes(bytes float64) string { return fmt.Sprintf("%.2f KiB", bytes/(1<<10)) }
