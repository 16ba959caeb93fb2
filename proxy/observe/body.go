package observe

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/origin"
)

// body is what is kept of a body while it passes: nothing, unless it has to be
// read as a whole to see what counts of it.
type body struct {
	buffers bool
	coding  string // that it is in, in lower case; "" if none
	bytes   []byte
	over    bool // too much: what came is no use
}

// small is how long a body is that is read at once; others are read when there is
// time.
const small = 8 << 10

func (b *body) isSmall() bool { return b.over || b.coding == "" && len(b.bytes) <= small }

// decoders are for the content codings that are understood.
func decoder(coding string) func(io.Writer, []byte) (int, error) {
	switch coding {
	case "gzip", "x-gzip":
		return fasthttp.WriteGunzip
	case "deflate":
		return fasthttp.WriteInflate
	case "br":
		return fasthttp.WriteUnbrotli
	case "zstd":
		return fasthttp.WriteUnzstd
	}
	return nil
}

// begin decides what has to be known of a body. Status and content type count
// whatever the body is.
func (x *Look) begin(resp *origin.Response) {
	_, _ = x.hash.WriteString(strconv.Itoa(resp.Status))
	_, _ = x.hash.WriteString("\n" + resp.Header.Get("Content-Type") + "\n")
	coding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	switch {
	case x.head || resp.Length == 0:
	case coding != "" && coding != "identity" && decoder(coding) != nil:
		x.body.buffers, x.body.coding = true, coding
	case coding != "" && coding != "identity":
		_, _ = x.hash.WriteString(coding + "\n") // one nobody here can read: equal bytes are equal
	default:
		x.body.buffers = len(x.route.policy.Ignore) > 0
	}
}

// saw takes in what was read of the body.
func (x *Look) saw(p []byte) {
	x.outcome.bytes += int64(len(p))
	b, o := &x.body, x.route.observer
	switch {
	case !b.buffers:
		_, _ = x.hash.Write(p)
	case b.over:
	case int64(len(b.bytes)+len(p)) > o.limit.Load() || !o.hold(len(p)):
		b.over = true
		b.free(o)
	default:
		b.bytes = append(b.bytes, p...)
	}
}

func (b *body) free(o *Observer) {
	o.release(len(b.bytes))
	b.bytes = nil
}

// errTooMuch ends the decoding of a body that is longer than it looks.
var errTooMuch = errors.New("too much to read")

// decoded collects a body, up to a limit.
type decoded struct {
	observer *Observer
	bytes    []byte
}

// Write implements io.Writer.
func (d *decoded) Write(p []byte) (int, error) {
	if int64(len(d.bytes)+len(p)) > d.observer.limit.Load() || !d.observer.hold(len(p)) {
		return 0, errTooMuch
	}
	d.bytes = append(d.bytes, p...)
	return len(p), nil
}

// digest hashes what counts of a body that was held.
func (x *Look) digest() {
	o, b := x.route.observer, &x.body
	if b.over {
		return
	}
	text := b.bytes
	if b.coding != "" {
		d := &decoded{observer: o}
		defer func() { o.release(len(d.bytes)) }()
		if _, err := decoder(b.coding)(d, text); err != nil {
			return
		}
		text = d.bytes
	}
	_, _ = x.hash.Write(feed.Essence(text, x.route.policy.Ignore))
	x.outcome.token = nonzero(x.hash.Sum64())
}
