package child

import (
	"bytes"
	"net"
	"os"
	"strings"

	"github.com/valyala/fasthttp"
)

// BareOptions are those of the bare handler.
type BareOptions struct {
	Response string `json:"response"` // a file with a whole response, as it came
}

// runBare answers every request with the same response, set field by field as a
// handler would. The server's settings are fasthttp's own, except that it adds
// no field to the response.
func runBare(o BareOptions, l net.Listener, s Standard) error {
	raw, err := os.ReadFile(o.Response)
	if err != nil {
		return err
	}
	fields, body := splitResponse(raw)
	server := &fasthttp.Server{
		NoDefaultServerHeader: true, NoDefaultDate: true, NoDefaultContentType: true,
		Handler: func(ctx *fasthttp.RequestCtx) {
			header := &ctx.Response.Header
			header.DisableNormalizing()
			for _, f := range fields {
				header.Add(f[0], f[1])
			}
			ctx.Response.SetBodyRaw(body)
		},
	}
	return s.serve(server, l, sampleVerbs(func() int64 { return 0 }))
}

// splitResponse returns the fields of a response, without those that the server
// writes, and its body.
func splitResponse(raw []byte) (fields [][2]string, body []byte) {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	_, head, _ = bytes.Cut(head, []byte("\r\n")) // the status line
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Connection") {
			fields = append(fields, [2]string{name, strings.TrimSpace(value)})
		}
	}
	return fields, body
}
