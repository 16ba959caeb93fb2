package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Result is what came of a replay.
type Result struct {
	Trace    string   `json:"trace"`
	Budget   float64  `json:"budget"` // requests per second
	Policies Policies `json:"policies"`
}

// Policies are the outcomes by the name of the policy, in the order of the package's
// documentation, in JSON as well.
type Policies []Policy

// Policy is one of them.
type Policy struct {
	Name string
	Outcome
}

// Outcome is what came of one policy.
type Outcome struct {
	Staleness float64 `json:"staleness_seconds"` // mean over time and subscribers
	P99       float64 `json:"p99_seconds"`
	Requests  float64 `json:"requests_per_second"`
}

// MarshalJSON writes an object whose members are in order.
func (all Policies) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	for i, p := range all {
		if i > 0 {
			text.WriteByte(',')
		}
		one, err := json.Marshal(p.Outcome)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "%q:%s", p.Name, one)
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

// Write tells it to people.
func (r *Result) Write(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(out, "%q, %v requests/s\tstaleness\tagainst %s\tp99\tagainst %s\trequests/s\t\n", r.Trace, r.Budget, uniform, uniform)
	best := r.Policies.best()
	for _, p := range r.Policies {
		mark := ""
		if p.Name == best {
			mark = "◄ best"
		}
		cells := []string{p.Name,
			fmt.Sprintf("%.3f s", p.Staleness), against(p.Staleness, r.Policies[0].Staleness),
			fmt.Sprintf("%.2f s", p.P99), against(p.P99, r.Policies[0].P99),
			fmt.Sprintf("%.3f", p.Requests), mark}
		fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	_ = out.Flush()
}

// against is a cell: the ratio to the first row.
func against(value, reference float64) string {
	if reference == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", value/reference)
}

// best is who left subscribers least stale. The oracle does not compete: it knows
// what nobody can.
func (all Policies) best() (name string) {
	least := 0.0
	for _, p := range all {
		if p.Name != oracle && (name == "" || p.Staleness < least) {
			name, least = p.Name, p.Staleness
		}
	}
	return name
}
