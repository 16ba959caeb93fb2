package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	// File is the name that Load or Parse was given; empty for a Config that
	// was built in Go.
	File string

	// Line counts from 1; 0 for a Config that was built in Go.
	Line int

	// Field is a path such as routes[2].websocket.send.path; empty when the
	// file as a whole is meant.
	Field string

	// Text says in one line what is wrong and what is allowed. Secrets are
	// not quoted in it.
	Text string
}

// String returns "FILE:LINE: FIELD: TEXT", which is a line of pollmux check,
// without the parts that are not known.
func (p Problem) String() string {
	var s strings.Builder
	switch line := strconv.Itoa(p.Line); {
	case p.File != "" && p.Line > 0:
		s.WriteString(p.File + ":" + line + ": ")
	case p.File != "":
		s.WriteString(p.File + ": ")
	case p.Line > 0:
		s.WriteString("line " + line + ": ")
	}
	if p.Field != "" {
		s.WriteString(p.Field + ": ")
	}
	s.WriteString(p.Text)
	return s.String()
}

// Problems is everything that is wrong with a configuration, by line. It is
// the error of Load, Parse and Validate; get at it with errors.As.
type Problems []Problem

// Error returns one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
}
