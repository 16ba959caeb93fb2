package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"
)

// holder is a client that is held through an ordeal. It reads what comes and
// complains about what is no version.
type holder struct {
	name    string
	conn    net.Conn
	began   chan struct{} // closed when it has the first version
	current chan struct{} // closed when it has the one after the ordeal
	ended   chan error    // yields when it reads no more
}

// holding starts one client of each kind that is held, and waits until each has
// what there is.
func holding(t *testing.T, r *rig) (all []*holder) {
	etag := r.get("/feed").want(t, 200, before).Header.Get("ETag")
	for name, fields := range map[string][]string{
		"sse":       {"Accept", "text/event-stream"},
		"ndjson":    {"Accept", "application/x-ndjson"},
		"multipart": {"Accept", "multipart/mixed"},
		"longpoll":  {"Prefer", "wait=60", "If-None-Match", etag},
	} {
		h := newHolder(name, r.dial())
		_, _ = io.WriteString(h.conn, requestText("GET", "/feed", r.addr, "", fields))
		go h.readLines()
		all = append(all, h)
	}
	ws := r.socket("/feed")
	h := newHolder("websocket", ws.NetConn())
	go h.readMessages(ws)
	all = append(all, h)
	for _, h := range all {
		if h.name != "longpoll" {
			<-h.began
		}
	}
	r.eventually("the long poll is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
	return all
}

func newHolder(name string, c net.Conn) *holder {
	return &holder{name: name, conn: c, began: make(chan struct{}), current: make(chan struct{}), ended: make(chan error, 1)}
}

// readLines reads a stream, or the answer to a long poll. The frames of chunks
// count as lines, too.
func (h *holder) readLines() {
	br := bufio.NewReader(h.conn)
	for line := "?"; line != ""; { // the head is other tests' matter
		line, _ = br.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
	}
	if h.name == "longpoll" {
		body := make([]byte, len(after))
		_, err := io.ReadFull(br, body)
		if string(body) != after {
			h.ended <- fmt.Errorf("answered %q, %v", body, err)
			return
		}
		close(h.current)
		return
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			h.ended <- err
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if err := checkLine(line); err != nil && !isChunkSize(line) {
			h.ended <- err
			return
		}
		h.see(line)
	}
}

func (h *holder) readMessages(ws *websocket.Conn) {
	for {
		_, data, err := ws.ReadMessage()
		if err == nil && string(data) != before && string(data) != after {
			err = fmt.Errorf("message %q", data)
		}
		if err != nil {
			h.ended <- err
			return
		}
		h.see(string(data))
	}
}

// see notes a version. One that is over comes never again.
func (h *holder) see(text string) {
	switch {
	case strings.HasSuffix(text, before) && isOpen(h.began):
		close(h.began)
	case strings.HasSuffix(text, after) && isOpen(h.current):
		close(h.current)
	case strings.HasSuffix(text, before) && !isOpen(h.current):
		h.ended <- fmt.Errorf("%s went back", h.name)
	}
}

func isOpen(c chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

func isChunkSize(line string) bool {
	var n int
	_, err := fmt.Sscanf(line, "%x", &n)
	return err == nil && len(line) < 5
}
