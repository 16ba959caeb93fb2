package accesslog

// Entry is one line of a log. Its slices are parts of the line, or of its parser's
// memory until the next line.
type Entry struct {
	Time   int64 // when, in Unix nanoseconds
	Took   int64 // nanoseconds until the answer was sent; -1: the log does not say
	Bytes  int64 // of the answer; -1: the log does not say
	Status int   // 0: the log does not say

	Addr   []byte // of the client, without a port
	User   []byte // that it signed in as
	Agent  []byte // User-Agent
	Host   []byte
	Method []byte
	Target []byte // as it was sent, or path and query

	Fine    bool // Time has parts of a second
	AtStart bool // Time is when the request came, rather than when it was answered

	query  []byte // where the log has it apart from the path
	target bool   // Target is from a field of its own
	proxy  bool   // Addr is what a proxy in front told
}

// reset forgets everything.
func (e *Entry) reset() { *e = Entry{Took: -1, Bytes: -1} }

// finish puts together what the fields of a line said, and reports whether it is a
// request.
func (e *Entry) finish() bool {
	if e.Time == 0 || len(e.Target) == 0 {
		return false
	}
	if len(e.query) > 0 {
		joined := make([]byte, 0, len(e.Target)+1+len(e.query))
		joined = append(joined, e.Target...)
		if e.query[0] != '?' {
			joined = append(joined, '?')
		}
		e.Target = append(joined, e.query...)
	}
	if len(e.Method) == 0 {
		e.Method = get
	}
	return true
}
