package child

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// OriginOptions are the origin's.
type OriginOptions struct {
	Body     int           `json:"body"`     // bytes of /fixed, and of /moving
	Bulk     int           `json:"bulk"`     // bytes of /down
	Interval time.Duration `json:"interval"` // by which the pace of /moving is measured
}

// The paths of the origin.
const (
	Fixed  = "/fixed"  // always the same
	Moving = "/moving" // changes, while it runs
	Step   = "/step"   // changes when it is told to, and so does all below it
	Any    = "/any/"   // begins paths that are all the same
	Down   = "/down"   // a large body
	Up     = "/up"     // reads a body and answers with its length
)

// fixedTag is the ETag of /fixed, for caches that make none themselves.
const fixedTag = `"fixed"`

// origin is a server that costs little, so that it does not hide what those in
// front of it cost.
type origin struct {
	fixed, bulk []byte
	moving      *moving
	steps       *steps
	requests    atomic.Int64
}

// runOrigin runs the origin. Its verbs:
//
//	count    returns how many requests there were
//	resume   lets /moving change
//	freeze   stops it, and returns its last version
//	step     lets /step change once, and returns its version
func runOrigin(o OriginOptions, l net.Listener, s Standard) error {
	g := &origin{fixed: filler(o.Body), bulk: bytes.Repeat([]byte{'x'}, o.Bulk), moving: newMoving(o.Body, o.Interval), steps: newSteps(o.Body)}
	server := &fasthttp.Server{Handler: g.serve, StreamRequestBody: true, NoDefaultServerHeader: true, MaxRequestBodySize: 1 << 40}
	return s.serve(server, l, verbs{
		"count":  func(string) (any, error) { return g.requests.Load(), nil },
		"resume": func(string) (any, error) { g.moving.resume(time.Now()); return nil, nil },
		"step":   func(string) (any, error) { return g.steps.step(), nil },
		"freeze": func(string) (any, error) { return g.moving.freeze(time.Now()), nil },
	})
}

// filler is JSON of so many bytes, or a few more.
func filler(bytes int) []byte {
	const head, tail = `{"fill":"`, `"}`
	return append(fill([]byte(head), bytes-len(head)-len(tail)), tail...)
}

func fill(b []byte, n int) []byte {
	return append(b, bytes.Repeat([]byte{'x'}, max(n, 0))...)
}

func (g *origin) serve(ctx *fasthttp.RequestCtx) {
	g.requests.Add(1)
	ctx.Response.Header.SetContentType("application/json")
	switch path := ctx.Path(); string(path) {
	case Fixed:
		ctx.Response.Header.Set("ETag", fixedTag)
		ctx.Response.SetBodyRaw(g.fixed)
	case Moving:
		ctx.Response.SetBodyRaw(g.moving.answer(time.Now()))
	case Step:
		ctx.Response.SetBodyRaw(g.steps.answer(Step, time.Now()))
	case Down:
		ctx.Response.SetBodyRaw(g.bulk)
	case Up:
		g.take(ctx)
	default:
		g.family(ctx, path)
	}
}

// family answers for the paths of which there are many.
func (g *origin) family(ctx *fasthttp.RequestCtx, path []byte) {
	switch {
	case bytes.HasPrefix(path, []byte(Any)):
		ctx.Response.SetBodyRaw(g.fixed)
	case bytes.HasPrefix(path, []byte(Step+"/")):
		ctx.Response.SetBodyRaw(g.steps.answer(string(path), time.Now()))
	default:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	}
}

// readBuffer is how much of an upload is read at once.
const readBuffer = 256 << 10

// take reads an upload. fasthttp has read the beginning of it.
func (g *origin) take(ctx *fasthttp.RequestCtx) {
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, ctx.RequestBodyStream(), make([]byte, readBuffer))
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	ctx.Response.SetBody(strconv.AppendInt(nil, n, 10))
}
