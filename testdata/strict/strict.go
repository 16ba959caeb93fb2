// Package strict reads HTTP/1.1 requests as a server does that mends nothing. It
// shares no code with what it judges: tests hold a recording of what went over a
// wire to it.
package strict

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Request is a request about which there is one opinion.
type Request struct {
	Method, Target string
	HTTP10         bool
	Fields         [][2]string
	Body           string // without its framing
	Chunked        bool
	Trailer        [][2]string
}

// Field returns the values of a field, by its name in any case.
func (r *Request) Field(name string) (values []string) {
	for _, f := range r.Fields {
		if strings.EqualFold(f[0], name) {
			values = append(values, f[1])
		}
	}
	return values
}

// ErrIncomplete: so far it is a request.
var ErrIncomplete = errors.New("the request has not ended")

// Cut reads the request that wire begins with, and returns what follows it.
func Cut(wire string) (r Request, rest string, err error) {
	for strings.HasPrefix(wire, "\r\n") { // RFC 9112 section 2.2
		wire = wire[2:]
	}
	line, rest, err := cutLine(wire)
	if err != nil {
		return r, "", err
	}
	if err := r.readLine(line); err != nil {
		return r, "", err
	}
	if r.Fields, rest, err = cutFields(rest); err != nil {
		return r, "", err
	}
	rest, err = r.cutBody(rest)
	return r, rest, err
}

// All reads all requests on a wire, which must end with the last of them.
func All(wire string) (all []Request, err error) {
	for wire != "" {
		var r Request
		if r, wire, err = Cut(wire); err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

// readLine reads "GET /x HTTP/1.1" (RFC 9112 section 3).
func (r *Request) readLine(line string) error {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !isToken(parts[0]) || parts[1] == "" {
		return fmt.Errorf("request line %q", line)
	}
	r.Method, r.Target, r.HTTP10 = parts[0], parts[1], parts[2] == "HTTP/1.0"
	if !r.HTTP10 && parts[2] != "HTTP/1.1" {
		return fmt.Errorf("version %q", parts[2])
	}
	if strings.ContainsFunc(r.Target, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }) {
		return fmt.Errorf("target %q", r.Target)
	}
	return nil
}

// cutLine reads up to a CRLF. A line feed or a carriage return alone is none.
func cutLine(wire string) (line, rest string, err error) {
	end := strings.IndexAny(wire, "\r\n")
	switch {
	case end < 0 || wire[end:] == "\r":
		return "", "", ErrIncomplete
	case !strings.HasPrefix(wire[end:], "\r\n"):
		return "", "", fmt.Errorf("a bare CR or LF behind %q", wire[:end])
	}
	return wire[:end], wire[end+2:], nil
}

// cutFields reads field lines up to an empty one.
func cutFields(wire string) (fields [][2]string, rest string, err error) {
	for rest = wire; ; {
		var line string
		if line, rest, err = cutLine(rest); err != nil || line == "" {
			return fields, rest, err
		}
		name, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !found || !isToken(name) || strings.ContainsFunc(value, isControl) {
			return fields, "", fmt.Errorf("field line %q", line)
		}
		fields = append(fields, [2]string{name, value})
	}
}

// cutBody reads what the head announces (RFC 9112 section 6.3).
func (r *Request) cutBody(wire string) (rest string, err error) {
	hosts, lengths, codings := r.Field("Host"), r.Field("Content-Length"), r.Field("Transfer-Encoding")
	switch {
	case len(hosts) > 1 || len(hosts) == 0 && !r.HTTP10:
		return "", fmt.Errorf("hosts %q", hosts)
	case len(lengths)+len(codings) > 1:
		return "", fmt.Errorf("lengths %q, codings %q", lengths, codings)
	case len(codings) == 1:
		if !strings.EqualFold(codings[0], "chunked") || r.HTTP10 {
			return "", fmt.Errorf("coding %q", codings[0])
		}
		r.Chunked = true
		return r.cutChunks(wire)
	case len(lengths) == 1:
		return r.cutSized(wire, lengths[0])
	}
	return wire, nil
}

func (r *Request) cutSized(wire, length string) (rest string, err error) {
	n, err := strconv.ParseUint(length, 10, 63)
	if err != nil || strings.Trim(length, "0123456789") != "" {
		return "", fmt.Errorf("length %q", length)
	}
	if uint64(len(wire)) < n {
		return "", ErrIncomplete
	}
	r.Body = wire[:n]
	return wire[n:], nil
}

// chunkLine is a size and extensions: names, with or without a value.
var chunkLine = regexp.MustCompile(`^([0-9a-fA-F]+)(?:[ \t]*;[ \t]*` + token + `(?:[ \t]*=[ \t]*(?:` + token + `|"(?:\\[\t\x20-\x7e]|[^\x00-\x08\x0a-\x1f\x7f"\\])*"))?)*$`)

const token = "[-!#$%&'*+.^_`|~0-9A-Za-z]+"

// cutChunks reads chunks and their trailer (RFC 9112 section 7.1).
func (r *Request) cutChunks(wire string) (rest string, err error) {
	for {
		line, rest, err := cutLine(wire)
		if err != nil {
			return "", err
		}
		size := chunkLine.FindStringSubmatch(line)
		if size == nil {
			return "", fmt.Errorf("chunk %q", line)
		}
		n, err := strconv.ParseUint(size[1], 16, 63)
		if err != nil {
			return "", fmt.Errorf("chunk %q", line)
		}
		if n == 0 {
			r.Trailer, rest, err = cutFields(rest)
			return rest, err
		}
		if uint64(len(rest)) < n {
			return "", ErrIncomplete
		}
		r.Body, rest = r.Body+rest[:n], rest[n:]
		if line, wire, err = cutLine(rest); err != nil {
			return "", err
		}
		if line != "" {
			return "", fmt.Errorf("%q behind a chunk", line)
		}
	}
}

func isToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
