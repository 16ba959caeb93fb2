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

	// Unchanged is a file with the head of the response to whoever has the tag
	// already; "" for none.
	Unchanged string `json:"unchanged,omitempty"`
}

// runBare answers every request with the same response, or with one other if the
// client has the tag, set field by field as a
// handler would. The server's settings are fasthttp's own, except that it adds
// no field to the response.
func runBare(o BareOptions, l net.Listener, s Standard) error {
	raw, err := os.ReadFile(o.Response)
	if err != nil {
		return err
	}
	fields, body := splitResponse(raw)
	var unchanged [][2]string
	var tag []byte
	if o.Unchanged != "" {
		if raw, err = os.ReadFile(o.Unchanged); err != nil {
			return err
		}
		unchanged, _ = splitResponse(raw)
		tag = tagOf(unchanged)
	}
	server := &fasthttp.Server{
		NoDefaultServerHeader: true, NoDefaultDate: true, NoDefaultContentType: true,
		Handler: func(ctx *fasthttp.RequestCtx) {
			header := &ctx.Response.Header
			header.DisableNormalizing()
			if len(tag) > 0 && bytes.Equal(ctx.Request.Header.Peek(fasthttp.HeaderIfNoneMatch), tag) {
				ctx.SetStatusCode(fasthttp.StatusNotModified)
				for _, f := range unchanged {
					header.Add(f[0], f[1])
				}
				return
			}
			for _, f := range fields {
				header.Add(f[0], f[1])
			}
			ctx.Response.SetBodyRaw(body)
		},
	}
	return s.serve(server, l, sampleVerbs(func() int64 { return 0 }))
}

// tagOf is the ETag among fields.
func tagOf(fields [][2]string) []byte {
	for _, f := range fields {
		if strings.EqualFold(f[0], "ETag") {
			return []byte(f[1])
		}
	}
	return nil
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
