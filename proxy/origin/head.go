package origin

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// maxHead bounds a response head, and a trailer section.
const maxHead = 64 << 10

// maxFields bounds the number of lines in either, those that fold a field too.
const maxFields = 200

// head is the head of a response.
type head struct {
	status int
	http10 bool
	sloppy string // what is wrong with it that can be mended; "" if nothing is
	header Header
}

// readHead reads one response head, its fields into room if there is enough.
// Whatever RFC 9112 lets a recipient mend
// (bare line feeds, folded lines, white space before a colon) is mended and
// noted in sloppy: such an answer may be relayed but not shared, and its
// connection is not used again.
func (c *conn) readHead(room Header) (h head, err error) {
	section, err := c.readSection(1)
	if err != nil {
		return h, err
	}
	line, rest, _ := strings.Cut(section, "\n")
	if err := h.parseStatusLine(h.trimCR(line)); err != nil {
		return h, err
	}
	h.header, err = h.parseFields(room, rest)
	return h, err
}

// readSection reads lines up to and including the first empty one after so many
// others.
func (c *conn) readSection(others int) (string, error) {
	if section := c.sectionAhead(others); section != "" {
		return section, nil
	}
	raw := c.scratch[:0]
	for start := 0; ; {
		part, err := c.br.ReadSlice('\n')
		if raw = append(raw, part...); len(raw) > maxHead {
			return "", ErrTooLarge
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return "", err
		}
		if others <= 0 && isLineEnd(raw[start:]) {
			break
		}
		start, others = len(raw), others-1
	}
	if cap(raw) <= maxScratch {
		c.scratch = raw
	}
	return string(raw), nil
}

// sectionAhead is readSection if all of it has come already; else it returns "".
func (c *conn) sectionAhead(others int) string {
	ahead, _ := c.br.Peek(c.br.Buffered())
	for start := 0; ; others-- {
		end := bytes.IndexByte(ahead[start:], '\n') + 1
		if end == 0 {
			return ""
		}
		if others <= 0 && isLineEnd(ahead[start:start+end]) {
			section := string(ahead[:start+end])
			_, _ = c.br.Discard(len(section))
			return section
		}
		start += end
	}
}

func isLineEnd(line []byte) bool { return string(line) == "\r\n" || string(line) == "\n" }

// trimCR takes the carriage return off a line that was cut at its line feed.
func (h *head) trimCR(line string) string {
	trimmed, ok := strings.CutSuffix(line, "\r")
	if !ok {
		h.sloppy = "bare line feed"
	}
	return trimmed
}

// parseStatusLine reads "HTTP/1.1 200 OK" (RFC 9112 section 4).
func (h *head) parseStatusLine(line string) error {
	version, rest, _ := strings.Cut(line, " ")
	if h.http10 = version == "HTTP/1.0"; !h.http10 && version != "HTTP/1.1" {
		return fmt.Errorf("%w: status line", ErrMalformed)
	}
	code, reason, _ := strings.Cut(rest, " ")
	if len(code) != 3 || !isDigits(code) {
		return fmt.Errorf("%w: status code", ErrMalformed)
	}
	if !isFieldValue(reason) {
		// A bare CR in it may end the line for somebody else.
		return fmt.Errorf("%w: reason phrase", ErrMalformed)
	}
	h.status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	if h.status < 100 || h.status > 599 {
		return fmt.Errorf("%w: status code %d", ErrMalformed, h.status)
	}
	return nil
}

// parseFields reads field lines (RFC 9112 section 5) up to the empty one.
func (h *head) parseFields(room Header, section string) (Header, error) {
	lines := strings.Count(section, "\n") - 1 // the last one is empty
	if lines > maxFields {
		return nil, ErrTooLarge
	}
	if room == nil {
		room = Header{}
	}
	fields := slices.Grow(room[:0], max(lines, 0))
	for section != "" {
		var line string
		line, section, _ = strings.Cut(section, "\n")
		if line = h.trimCR(line); line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if err := h.unfold(fields, line); err != nil {
				return nil, err
			}
			continue
		}
		field, err := h.parseField(line)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func (h *head) parseField(line string) (Field, error) {
	name, value, found := strings.Cut(line, ":")
	if name != "" && isBlank(name[len(name)-1]) {
		h.sloppy, name = "white space before a colon", strings.TrimRight(name, " \t")
	}
	if value = strings.TrimPrefix(value, " "); value != "" && (isBlank(value[0]) || isBlank(value[len(value)-1])) {
		value = strings.Trim(value, " \t")
	}
	if !found || !isToken(name) || !isFieldValue(value) {
		return Field{}, fmt.Errorf("%w: field line", ErrMalformed)
	}
	return Field{Name: name, Value: value}, nil
}

// unfold joins a folded line (RFC 9112 section 5.2) to the field before it.
func (h *head) unfold(fields Header, line string) error {
	value := strings.Trim(line, " \t")
	if len(fields) == 0 || !isFieldValue(value) {
		return fmt.Errorf("%w: folded line", ErrMalformed)
	}
	h.sloppy = "folded line"
	last := &fields[len(fields)-1]
	last.Value = strings.Trim(last.Value+" "+value, " ")
	return nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && c != '-' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s has no control character but the tab (RFC
// 9110 section 5.5). Bytes beyond ASCII are opaque, and allowed.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
