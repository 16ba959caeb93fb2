package config

import (
	"fmt"
	"strconv"
	"strings"
)

// report collects the problems of one configuration. It knows which fields
// could not be read, so that a mistake is told once and not again by every
// rule that looks at what is left of it.
type report struct {
	file  string
	lines map[string]int // where each field of the file stands; nil without a file

	unread map[string]bool // fields whose value is not what the file meant
	own    map[string]bool // fields with a problem
	below  map[string]bool // fields with a problem further down

	problems Problems
}

func newReport(file string) *report {
	return &report{
		file:   file,
		unread: map[string]bool{},
		own:    map[string]bool{},
		below:  map[string]bool{},
	}
}

// fault records that a field could not be read. Nothing that wrong says about
// it or what is below it will be heard.
func (r *report) fault(field, format string, args ...any) {
	r.unread[field] = true
	r.note(r.line(field), field, fmt.Sprintf(format, args...))
}

// wrong records that a field was read and breaks a rule.
func (r *report) wrong(field, format string, args ...any) {
	if !r.read(field) {
		return
	}
	r.note(r.line(field), field, fmt.Sprintf(format, args...))
}

func (r *report) note(line int, field, text string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Field: field, Text: text})
	r.own[field] = true
	for field != "" {
		field = parent(field)
		r.below[field] = true
	}
}

// mistaken marks a field as meant by something that was reported elsewhere.
func (r *report) mistaken(field string) { r.unread[field] = true }

// read reports whether a field, and whatever it is part of, could be read.
func (r *report) read(field string) bool {
	for ; field != ""; field = parent(field) {
		if r.unread[field] {
			return false
		}
	}
	return !r.unread[""]
}

// whole reports whether nothing is wrong with a field as such: its entries may
// have problems, but all of them are there.
func (r *report) whole(field string) bool { return !r.own[field] && r.read(field) }

// sound reports whether nothing at all is wrong with a field.
func (r *report) sound(field string) bool { return !r.below[field] && r.whole(field) }

// line returns where a field stands or, when the file leaves it out, what it
// should be part of.
func (r *report) line(field string) int {
	if r.lines == nil {
		return 0
	}
	for ; field != ""; field = parent(field) {
		if line, ok := r.lines[field]; ok {
			return line
		}
	}
	return 1
}

// err returns the problems by line, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	r.problems.sort()
	return r.problems
}

// parent cuts the last step off a field path. Inside a quoted key it may cut
// too often, through paths that no field has, and still arrives.
func parent(field string) string {
	return field[:max(strings.LastIndexAny(field, ".["), 0)]
}

// child appends a key to a field path.
func child(field, key string) string {
	switch {
	case !isName(key):
		return field + "[" + strconv.Quote(key) + "]"
	case field == "":
		return key
	default:
		return field + "." + key
	}
}

// item appends an index to a field path.
func item(field string, i int) string {
	return field + "[" + strconv.Itoa(i) + "]"
}

// isName reports whether s can stand in a field path without quotes.
func isName(s string) bool {
	return s != "" && strings.Trim(s, nameCharacters) == ""
}

const (
	letters        = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits         = "0123456789"
	nameCharacters = letters + digits + "_-"
)
