package audience

import (
	"fmt"
	"strconv"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// accepts are the media types by which a stream is asked for.
var accepts = map[load.Kind]string{
	load.SSE:       "text/event-stream",
	load.NDJSON:    "application/x-ndjson",
	load.Multipart: "multipart/x-mixed-replace",
	load.Longpoll:  "*/*",
}

// holdSeconds is how long a long poll is ready to wait: longer than any benchmark.
const holdSeconds = 3600

// key is any 16 bytes: nobody checks the answer to it here.
const key = "cG9sbGJlbmNoIHBvbGxiZQ=="

// appendRequest writes what a client says first, and a long poll again and again.
func (c *client) appendRequest(b []byte, o *Options) []byte {
	if o.Kind == "" {
		return append(strconv.AppendInt(b, int64(o.Wire), 10), '\n')
	}
	b = append(append(b, "GET "...), o.Target...)
	if o.Feeds > 0 {
		b = strconv.AppendInt(append(b, '/'), int64(c.number%o.Feeds), 10)
	}
	b = append(append(b, " HTTP/1.1\r\nHost: "...), o.Address...)
	b = append(b, "\r\nUser-Agent: pollbench\r\n"...)
	if o.Kind == load.WebSocket {
		return fmt.Appendf(b, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", key)
	}
	b = append(append(append(b, "Accept: "...), accepts[o.Kind]...), "\r\n"...)
	b = appendField(b, "Accept-Encoding: ", []byte(o.Coding))
	if o.Kind == load.Longpoll {
		b = append(strconv.AppendInt(append(b, "Prefer: wait="...), holdSeconds, 10), "\r\n"...)
		b = appendField(b, "If-None-Match: ", c.etag)
		if o.Dated {
			b = appendField(b, "If-Modified-Since: ", c.dated)
		}
	}
	return append(b, "\r\n"...)
}

func appendField(b []byte, name string, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	return append(append(append(b, name...), value...), "\r\n"...)
}
