package child

import (
	"bufio"
	"net"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// runStream answers every request with a line of NDJSON and silence, the way that
// fasthttp offers for it.
func runStream(_ struct{}, l net.Listener, s Standard) error {
	var held atomic.Int64
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ended := ctx.Done() // with the server
		ctx.SetContentType("application/x-ndjson")
		ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
			held.Add(1)
			defer held.Add(-1)
			_, _ = w.WriteString("{}\n")
			_ = w.Flush() // a client that is gone is found out by whoever joins
			<-ended
		})
	}}
	return s.serve(server, l, sampleVerbs(held.Load))
}
