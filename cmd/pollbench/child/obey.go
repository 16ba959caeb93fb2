package child

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Hello is the first line that a child prints.
type Hello struct {
	Address string `json:"address"`
}

// Reply is every other line.
type Reply struct {
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// verbs are what a child can be told.
type verbs map[string]func(argument string) (any, error)

// Standard are the standard streams of a child.
type Standard struct {
	In       io.Reader
	Out, Err io.Writer
}

// obey says hello and does as it is told until its input ends.
func (s Standard) obey(address string, v verbs) error {
	lines, answers := bufio.NewScanner(s.In), json.NewEncoder(s.Out)
	if err := answers.Encode(Hello{Address: address}); err != nil {
		return err
	}
	for lines.Scan() {
		verb, argument, _ := strings.Cut(lines.Text(), " ")
		if err := answers.Encode(v.do(verb, argument)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (v verbs) do(verb, argument string) Reply {
	f, ok := v[verb]
	if !ok {
		return Reply{Error: fmt.Sprintf("unknown verb %q", verb)}
	}
	value, err := f(argument)
	if err != nil {
		return Reply{Error: err.Error()}
	}
	return Reply{Value: value}
}
