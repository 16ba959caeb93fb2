package accesslog

import (
	"bytes"
	"fmt"
)

// layout reads lines of text: a literal and a field in turn.
type layout struct {
	steps  []step
	syslog bool // something may stand in front
}

// step is a field and the literal behind it.
type step struct {
	field  field
	until  string // "": the rest of the line
	quoted bool   // quotation marks in it have a backslash in front
}

// piece is a part of a format before it is a layout: a literal, or a field.
type piece struct {
	literal string
	name    string // of the field, as it was written
	field   field
}

// newLayout compiles pieces. Two fields need something between them.
func newLayout(pieces []piece) (*layout, error) {
	l := &layout{steps: []step{{}}}
	named := false
	literal := ""
	for _, p := range pieces {
		if p.name == "" {
			literal += p.literal
			l.steps[len(l.steps)-1].until += p.literal
			continue
		}
		if named && literal == "" {
			return nil, fmt.Errorf("nothing stands between %s and what is before it", p.name)
		}
		l.steps = append(l.steps, step{field: p.field, quoted: len(literal) > 0 && literal[len(literal)-1] == '"'})
		named, literal = true, ""
	}
	for i := range l.steps {
		s := &l.steps[i]
		s.quoted = s.quoted && s.until != "" && s.until[0] == '"'
	}
	return l, l.check()
}

// check finds out whether lines will say what is needed.
func (l *layout) check() error {
	has := map[field]bool{}
	for _, s := range l.steps {
		has[s.field] = true
	}
	switch {
	case !has[clock] && !has[began]:
		return fmt.Errorf("it has no time: $time_local, $time_iso8601 or $msec is needed")
	case !has[requestLine] && !has[target] && !has[path]:
		return fmt.Errorf("it has no URL: $request or $request_uri is needed")
	}
	return nil
}

// parse reads a line. It reports whether the line has this layout; more may follow,
// because people append fields to well-known formats.
func (l *layout) parse(line []byte, e *Entry, c *calendar) bool {
	if l.syslog {
		line = behindSyslog(line)
	}
	for i := range l.steps {
		s := &l.steps[i]
		if i == 0 {
			if !bytes.HasPrefix(line, []byte(s.until)) {
				return false
			}
			line = line[len(s.until):]
			continue
		}
		end := s.end(line)
		if end < 0 {
			return false
		}
		if s.field != skip && !e.put(s.field, line[:end], c) {
			return false
		}
		line = line[min(end+len(s.until), len(line)):]
	}
	return e.finish()
}

// end is where the field ends; -1: nowhere.
func (s *step) end(line []byte) int {
	switch {
	case s.until == "":
		return len(line)
	case s.quoted:
		return endOfQuoted(line, s.until)
	case len(s.until) == 1:
		return bytes.IndexByte(line, s.until[0])
	}
	return bytes.Index(line, []byte(s.until))
}

// endOfQuoted finds the quotation mark that begins until and has no backslash in
// front.
func endOfQuoted(line []byte, until string) int {
	at := 0
	for {
		i := bytes.IndexByte(line[at:], '"')
		if i < 0 {
			return -1
		}
		at += i
		escapes := 0
		for escapes < at && line[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 && bytes.HasPrefix(line[at:], []byte(until)) {
			return at
		}
		at++
	}
}

// behindSyslog is the line from the client's address on, which stands in front of
// the first date in brackets.
func behindSyslog(line []byte) []byte {
	for at := 0; ; {
		i := bytes.Index(line[at:], []byte(" ["))
		if i < 0 {
			return line
		}
		at += i
		if at+4 < len(line) && line[at+2] >= '0' && line[at+2] <= '9' && line[at+4] == '/' {
			return line[bytes.LastIndexByte(line[:at], ' ')+1:]
		}
		at += 2
	}
}
