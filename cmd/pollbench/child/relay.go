package child

import (
	"net"

	"github.com/valyala/fasthttp"
)

// RelayOptions are those of the relay.
type RelayOptions struct {
	Origin string `json:"origin"`
}

// runRelay passes every request on, body and all as they come, and does nothing
// that a proxy has to do beyond that.
func runRelay(o RelayOptions, l net.Listener, s Standard) error {
	client := &fasthttp.HostClient{Addr: o.Origin, StreamResponseBody: true, NoDefaultUserAgentHeader: true, MaxConns: 1 << 16}
	server := &fasthttp.Server{
		StreamRequestBody: true, MaxRequestBodySize: 1 << 40, NoDefaultServerHeader: true, NoDefaultDate: true,
		Handler: func(ctx *fasthttp.RequestCtx) {
			if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
				ctx.Error(err.Error(), fasthttp.StatusBadGateway)
			}
		},
	}
	return s.serve(server, l, sampleVerbs(func() int64 { return 0 }))
}
