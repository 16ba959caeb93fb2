package head

import (
	"bytes"
	"strconv"

	"github.com/valyala/fasthttp"
)

// maxFields bounds the number of field lines.
const maxFields = 100

// Parse reads the head of a request that fasthttp has parsed. Its error is an
// *Error: the request must be refused with its status and the connection
// closed, for nobody knows where the next request begins.
func (h *Head) Parse(req *fasthttp.RequestHeader) error {
	_, err := h.parse(req.Method(), req.RequestURI(), req.Protocol(), req.RawHeaders())
	return err
}

// ParseWhole reads the head of a GET from the bytes that its client sent. It reports
// false, and h says nothing, unless these are one head that Parse would take,
// nothing stands before or behind it, and no body belongs to it.
func (h *Head) ParseWhole(raw []byte) bool {
	if !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		return false
	}
	line, rest, _ := bytes.Cut(raw, []byte("\r\n"))
	method, line, _ := bytes.Cut(line, []byte{' '})
	target, version, _ := bytes.Cut(line, []byte{' '})
	if string(method) != "GET" || string(version) != "HTTP/1.1" || len(target) == 0 || target[0] != '/' {
		return false
	}
	behind, err := h.parse(method, target, version, rest)
	return err == nil && len(behind) == 0 && !h.Has(ContentLength) && !h.Has(TransferEncoding)
}

// parse returns what stands behind the empty line.
func (h *Head) parse(method, target, version, raw []byte) (behind []byte, err error) {
	*h = Head{Fields: h.Fields[:0], nominated: h.nominated[:0], lower: h.lower[:0]}
	h.Method = method
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		h.HTTP10 = true
	default:
		return nil, &Error{Status: 505, Text: "only HTTP/1.1 and HTTP/1.0 are spoken here"}
	}
	if behind, err = h.parseFields(raw); err != nil {
		return nil, err
	}
	if err := h.checkFraming(); err != nil {
		return nil, err
	}
	if err := h.parseTarget(target); err != nil {
		return nil, err
	}
	return behind, h.parseConnection()
}

// parseFields splits the raw lines. fasthttp has refused what no server
// accepts; what some accept is refused here.
func (h *Head) parseFields(raw []byte) (behind []byte, err error) {
	for len(raw) > 0 {
		line, rest, found := bytes.Cut(raw, []byte{'\n'})
		if !found || len(line) == 0 || line[len(line)-1] != '\r' {
			return nil, bad("a line of the head does not end in CRLF (RFC 9112 section 2.2)")
		}
		if raw, line = rest, line[:len(line)-1]; len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			return nil, bad("a folded field line (RFC 9112 section 5.2)")
		}
		if len(h.Fields) == maxFields {
			return nil, &Error{Status: 431, Text: "more than 100 field lines"}
		}
		if err := h.parseField(line); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

func (h *Head) parseField(line []byte) error {
	name, value, found := bytes.Cut(line, []byte{':'})
	if !found || !IsToken(name) {
		return bad("a field line without a valid name (RFC 9112 section 5)")
	}
	value = bytes.Trim(value, " \t")
	if !isFieldValue(value) {
		return bad("a control character in a field value (RFC 9110 section 5.5)")
	}
	h.Fields = append(h.Fields, Field{Name: name, Value: value, Is: Lookup(name)})
	return nil
}

// checkFraming decides where the request ends, and refuses every request about
// which another server could decide otherwise (RFC 9112 section 6).
func (h *Head) checkFraming() error {
	lengths, codings := h.count(ContentLength), h.count(TransferEncoding)
	for i := range h.Fields {
		if f := &h.Fields[i]; (f.Is == ContentLength || f.Is == TransferEncoding) && bytes.IndexByte(f.Name, '_') >= 0 {
			return bad("a framing field spelled with an underscore")
		}
	}
	switch {
	case lengths > 0 && codings > 0:
		return bad("both Content-Length and Transfer-Encoding (RFC 9112 section 6.1)")
	case lengths > 1 || codings > 1:
		return bad("more than one line of a framing field")
	case codings == 1:
		return h.checkCoding()
	case lengths == 1:
		return h.checkLength()
	}
	return nil
}

func (h *Head) checkCoding() error {
	switch coding := h.Get(TransferEncoding); {
	case h.HTTP10:
		return bad("Transfer-Encoding in HTTP/1.0")
	case !equalFold(coding, "chunked"):
		return &Error{Status: 501, Text: "a transfer coding other than chunked"}
	}
	h.Length = -1
	return nil
}

func (h *Head) checkLength() error {
	n, ok := parseLength(h.Get(ContentLength))
	if !ok {
		return bad("Content-Length is not a plain decimal number")
	}
	h.Length = n
	return nil
}

// parseLength accepts one spelling for each length.
func parseLength(value []byte) (n int64, ok bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil && n >= 0 && value[0] != '+' && value[0] != '-' && (value[0] != '0' || len(value) == 1)
}

// parseConnection reads what the connection itself is told.
func (h *Head) parseConnection() error {
	var asked connectionOptions
	for _, f := range h.Fields {
		if f.Is != Connection {
			continue
		}
		for member := range bytes.SplitSeq(f.Value, []byte{','}) {
			if err := h.nominate(bytes.Trim(member, " \t"), &asked); err != nil {
				return err
			}
		}
	}
	h.Close = asked.close || h.HTTP10 && !asked.keepAlive
	h.Upgrade = asked.upgrade && !h.HTTP10
	return nil
}

// connectionOptions are the members of Connection that are no field names.
type connectionOptions struct{ close, keepAlive, upgrade bool }

func (h *Head) nominate(name []byte, asked *connectionOptions) error {
	switch {
	case len(name) == 0:
	case equalFold(name, "close"):
		asked.close = true
	case equalFold(name, "keep-alive"):
		asked.keepAlive = true
	case equalFold(name, "upgrade"):
		asked.upgrade = true
	default:
		return h.nominateField(name)
	}
	return nil
}

func (h *Head) nominateField(name []byte) error {
	switch Lookup(name) {
	case HopByHop:
		return nil // dropped anyway
	case Host, ContentLength, TransferEncoding:
		return bad("Connection names a field that the request cannot do without")
	}
	h.nominated = append(h.nominated, name)
	return nil
}

// IsToken reports whether s is a token, as names are (RFC 9110 section 5.6.2).
func IsToken[T []byte | string](s T) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

var tokenBytes = func() (set [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		set[c] = true
	}
	return set
}()

func isFieldValue(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
