package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// Write writes the trace as Read reads it, a resource to a line.
func (t *Trace) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	name, err := json.Marshal(t.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, `{"name":%s,"horizon":%v,"res":[`, name, t.Horizon)
	for i, r := range t.Resources {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%s", text)
	}
	fmt.Fprintln(b, "\n]}")
	return b.Flush()
}
