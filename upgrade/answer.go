package upgrade

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// Answer is an update as the answer to one request.
type Answer struct {
	Update *Update

	// Coding is the content coding that was selected for the client.
	Coding coding.Coding

	// NotModified answers 304, without the body.
	NotModified bool

	// CacheStatus and Via are sent behind what the origin said; "" is not
	// sent.
	CacheStatus, Via string

	// Held is the wait that was honoured, told in Preference-Applied; 0 if
	// none was asked for. The answer may not be stored then.
	Held time.Duration

	// Now is when the answer is written.
	Now time.Time
}

// Write makes it ctx's response. The body is shared, not copied. HEAD is up to
// the server.
func (a *Answer) Write(ctx *fasthttp.RequestCtx) {
	resp := &ctx.Response
	resp.SetStatusCode(a.status())
	resp.Header.DisableNormalizing() // "ETag" stays as it is
	a.fields(func(name, value string) { resp.Header.Add(name, value) }, func() {
		var digits [20]byte
		resp.Header.AddBytesV("Age", a.appendAge(digits[:0]))
	})
	if a.Update.Date != "" {
		SetDate(&resp.Header, a.Update.Date)
	}
	if a.NotModified {
		resp.SkipBody = true
		return
	}
	if a.Update.Type != "" {
		resp.Header.SetContentType(a.Update.Type)
	}
	if a.Update.Status == http.StatusNoContent {
		resp.SkipBody = true
		return
	}
	resp.SetBodyRaw(a.content())
}

// SetDate sets Date, of a server with NoDefaultDate. fasthttp takes that field for
// its own and drops the value, whoever sets it. So it goes in under another name,
// which is put right where it lies.
func SetDate(h *fasthttp.ResponseHeader, date string) {
	const placeholder = "Dat-"
	h.Set(placeholder, date)
	for name := range h.All() {
		if string(name) == placeholder {
			copy(name, "Date")
		}
	}
}

// Append appends the whole response, for a connection that fasthttp has given
// away.
func (a *Answer) Append(b []byte, closing bool) []byte {
	return append(a.appendHead(b, closing), a.Body()...)
}

func (a *Answer) appendHead(b []byte, closing bool) []byte {
	b = appendStatus(b, a.status())
	a.fields(func(name, value string) { b = appendField(b, name, value) }, func() {
		b = append(a.appendAge(append(b, "Age: "...)), "\r\n"...)
	})
	b = a.appendOwn(b)
	if closing {
		b = appendField(b, "Connection", "close")
	}
	return a.appendEnd(b)
}

// appendOwn appends the fields that a server writes in its own way.
func (a *Answer) appendOwn(b []byte) []byte {
	if a.Update.Date != "" {
		b = appendField(b, "Date", a.Update.Date)
	}
	if !a.NotModified && a.Update.Type != "" {
		b = appendField(b, "Content-Type", a.Update.Type)
	}
	return b
}

// appendEnd appends what is left of the head.
func (a *Answer) appendEnd(b []byte) []byte {
	if a.hasBody() {
		b = appendField(b, "Content-Length", strconv.Itoa(len(a.content())))
	}
	return append(b, "\r\n"...)
}

func (a *Answer) hasBody() bool { return !a.NotModified && a.Update.Status != http.StatusNoContent }

// Body is what comes behind the head. It is shared, and must not be changed.
func (a *Answer) Body() []byte {
	if !a.hasBody() {
		return nil
	}
	return a.content()
}

func (a *Answer) status() int {
	if a.NotModified {
		return http.StatusNotModified
	}
	return a.Update.Status
}

// fields are those of both the whole answer and a 304 (RFC 9110 section
// 15.4.5), but for Date. age is called where Age belongs.
func (a *Answer) fields(add func(name, value string), age func()) {
	u := a.Update
	addIf(add, "ETag", u.Tag(a.Coding))
	add("Cache-Control", a.cacheControl())
	age()
	addIf(add, "Vary", u.Vary)
	addIf(add, "Last-Modified", u.LastModified)
	if a.Held > 0 {
		add("Preference-Applied", "wait="+strconv.Itoa(int(a.Held/time.Second)))
	}
	for i := range u.Header {
		if f := &u.Header[i]; a.says(f.Name) {
			add(f.Name, f.Value)
		}
	}
	if a.Coding != coding.Identity && !a.NotModified {
		add("Content-Encoding", a.Coding.String())
	}
	addIf(add, "Cache-Status", a.CacheStatus)
	addIf(add, "Via", a.Via)
}

// says reports whether the answer has a field of the origin's. Ranges of what is
// compressed here are not to be had.
func (a *Answer) says(name string) bool {
	if a.NotModified {
		return survivesNotModified(name)
	}
	return a.Coding == coding.Identity || !strings.EqualFold(name, "Accept-Ranges")
}

// content is the body.
func (a *Answer) content() []byte { return a.Update.coded(a.Coding) }

// appendAge appends the value of Age, in seconds.
func (a *Answer) appendAge(b []byte) []byte {
	return strconv.AppendInt(b, int64(a.Update.CurrentAge(a.Now)/time.Second), 10)
}

// cacheControl is the origin's, or asks caches to come back each time: an
// answer that says nothing would be kept by guesswork.
func (a *Answer) cacheControl() string {
	switch {
	case a.Held > 0:
		return "no-store"
	case a.Update.CacheControl != "":
		return a.Update.CacheControl
	}
	return "no-cache"
}

// survivesNotModified reports whether a field belongs into a 304: what says how
// the stored answer may be used, and what a browser's cross-origin check needs.
func survivesNotModified(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Expires", "Content-Location", "Retry-After", "X-Poll-Interval":
		return true
	}
	return isCORS(name)
}

func addIf(add func(name, value string), name, value string) {
	if value != "" {
		add(name, value)
	}
}

func appendStatus(b []byte, status int) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	return append(append(append(b, ' '), http.StatusText(status)...), "\r\n"...)
}

func appendField(b []byte, name, value string) []byte {
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}
