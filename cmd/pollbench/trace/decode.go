package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// decoder decodes a trace resource by resource: the text of all of them is never in
// memory.
type decoder struct {
	*json.Decoder
	most  bounds
	trace *Trace
}

func (d decoder) decode() error {
	var known []json.Token
	err := d.each('{', func() error {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if slices.Contains(known, name) {
			return fmt.Errorf("%v is there twice", name)
		}
		known = append(known, name)
		return d.field(name)
	})
	if err != nil {
		return err
	}
	return d.nothing()
}

func (d decoder) field(name json.Token) error {
	switch name {
	case "name":
		return d.Decode(&d.trace.Name)
	case "horizon":
		return d.Decode(&d.trace.Horizon)
	case "res":
		return d.resources()
	}
	return fmt.Errorf("unknown field %q: a trace has name, horizon and res", name)
}

func (d decoder) resources() error {
	n := 0
	return d.each('[', func() error {
		var r Resource
		if len(d.trace.Resources) == d.most.resources {
			return fmt.Errorf("res: more than %d resources", d.most.resources)
		}
		if err := d.Decode(&r); err != nil {
			return fmt.Errorf("res[%d]: %w", len(d.trace.Resources), err)
		}
		if n += len(r.Changes); n > d.most.changes {
			return fmt.Errorf("res: more than %d changes", d.most.changes)
		}
		d.trace.Resources = append(d.trace.Resources, r)
		return nil
	})
}

// each reads what is between a bracket and its other.
func (d decoder) each(open json.Delim, read func() error) error {
	switch found, err := d.Token(); {
	case err != nil:
		return err
	case found != open:
		return fmt.Errorf("%v where %v should be", found, open)
	}
	for d.More() {
		if err := read(); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// nothing may follow the trace; to find out is to check gzip's sum as well.
func (d decoder) nothing() error {
	_, err := d.Token()
	var syntax *json.SyntaxError
	switch {
	case err == io.EOF:
		return nil
	case err == nil, errors.As(err, &syntax):
		return errors.New("something follows the trace")
	}
	return err
}

// changes are counted before there is room for them.
type changes []float64

func (c *changes) UnmarshalJSON(text []byte) error {
	n := bytes.Count(text, []byte(","))
	if n >= maxChanges {
		return fmt.Errorf("t: more than %d changes", maxChanges)
	}
	all := make([]float64, 0, n+1)
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("t: %w", err)
	}
	*c = all
	return nil
}
