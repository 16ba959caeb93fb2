package load

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"time"
)

// polls is the most that one client does in a visit.
const polls = 20

// poll asks for one resource after the other, most of them more than once.
func (v *Visit) poll(ctx context.Context) {
	for range 1 + v.random.IntN(polls) {
		if v.pollOnce(ctx) != nil || !pause(ctx, time.Duration(v.random.Int64N(int64(breather)))) {
			return
		}
		if v.chance(3) {
			v.Target, v.tag = popular(v.random, v.traffic.Targets), nil
		}
	}
}

func (v *Visit) pollOnce(ctx context.Context) error {
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n%s", v.Target, v.traffic.Address, v.fields())
	if len(v.tag) > 0 {
		request = fmt.Appendf(request, "If-None-Match: %s\r\n", v.tag)
	}
	v.asked()
	if _, err := v.conn.Write(append(request, "\r\n"...)); err != nil {
		return err
	}
	if v.chance(20) {
		return errLeft
	}
	head, err := v.answer(ctx)
	if err != nil {
		return err
	}
	return v.take(head)
}

// errLeft is a client that goes before it is answered.
var errLeft = fmt.Errorf("the client has left")

// take reads the body of an answer, and tells of it if it is a snapshot.
func (v *Visit) take(head *Head) error {
	if head.Status == http.StatusNotModified || head.Status == http.StatusNoContent {
		return nil
	}
	from := io.Reader(v.conn)
	switch {
	case head.Chunked:
		from = httputil.NewChunkedReader(v.conn.Reader)
	case head.Length >= 0:
		from = io.LimitReader(from, head.Length)
	}
	body, err := io.ReadAll(io.LimitReader(from, enough))
	switch {
	case err != nil:
		return err
	case len(body) == enough:
		return errLeft // it does not end
	case head.Length > int64(len(body)):
		return io.ErrUnexpectedEOF
	}
	if head.Status == http.StatusOK {
		v.see(body)
		v.tag = append(v.tag[:0], head.ETag...)
	}
	if head.Chunked {
		_, err = v.conn.line()
	}
	return err
}

// enough is more than any resource has.
const enough = 256 << 10

// hold is held until it goes, or is told to.
func (v *Visit) hold(ctx context.Context) {
	talk := v.kind.converse(v.conn, v.subject())
	began := time.Now()
	defer func() { v.heldSince(began) }()
	if v.kind != Longpoll { // which counts by itself
		v.asked()
	}
	err := talk.open()
	for err == nil && ctx.Err() == nil {
		var snapshot []byte
		if snapshot, err = talk.next(); err == nil {
			v.see(snapshot)
		}
	}
}

// attend is hold for a member of the audience, which comes back until ctx ends.
func (v *Visit) attend(ctx context.Context) {
	for ctx.Err() == nil {
		if v.come(ctx) == nil {
			stop := context.AfterFunc(ctx, v.conn.Close)
			v.hold(ctx)
			stop()
			v.conn.Close()
		}
		if ctx.Err() == nil && v.newest.Load() > 0 {
			v.traffic.Told.Drops.Add(1)
		}
		pause(ctx, breather)
	}
}

// stall asks to be held on something large, and reads nothing of it, pings
// included. Some close their half of the connection.
func (v *Visit) stall(ctx context.Context) {
	tcp, ok := v.conn.wire.Conn.(*net.TCPConn)
	if ok {
		_ = tcp.SetReadBuffer(smallBuffer)
	}
	v.Target = pick(v.random, v.traffic.Large)
	began := time.Now()
	defer func() { v.heldSince(began) }()
	v.asked()
	if v.kind.converse(v.conn, v.subject()).open() != nil {
		return
	}
	if ok && v.chance(4) {
		_ = tcp.CloseWrite()
	}
	pause(ctx, time.Duration(v.random.Int64N(int64(v.traffic.Stay))))
}
