package legacy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func (w *wire) CloseWrite(t *testing.T) {
	t.Helper()
	if err := w.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func TestRecordingKeepsTheBytesOnTheWire(t *testing.T) {
	clock := newHandClock()
	origin := legacy.NewFaulty(plain("hello"), clock.Now)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	heads := []string{
		"GET /a?b=c HTTP/1.1\r\nhost: x\r\nX-Odd:   1\r\nX-Odd: 2\r\n\r\n",
		"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
		"PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET /d HTTP/1.1\nHost: x\n\n",
	}
	bodies := []string{"", "body", "4;x=y\r\nchun\r\n2\r\nks\r\n0\r\nX-Trailer: z\r\n\r\n", ""}
	one, other := dial(t, origin), dial(t, origin)
	one.send(heads[0]).expect(plainHello)
	one.send(heads[1] + bodies[1] + heads[2] + bodies[2]).expect(plainHello + plainHello) // pipelined
	other.send(heads[3]).expect(plainHello)

	requests, err := origin.AwaitWhole(soon(t), 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, request := range requests {
		if string(request.Head) != heads[i] || string(request.Body) != bodies[i] || int(request.BodySize) != len(bodies[i]) || !request.Whole {
			t.Errorf("%d: %q %q", i, request.Head, request.Body)
		}
		if request.Number != i+1 || !request.At.Equal(clock.Now()) || (request.Conn == requests[0].Conn) != (i < 3) {
			t.Errorf("%d: number %d, connection %d, at %v", i, request.Number, request.Conn, request.At)
		}
	}
	if r := requests[0]; r.Method != "GET" || r.Target != "/a?b=c" || r.Path != "/a" || r.Header.Get("X-Odd") != "1" {
		t.Errorf("%+v", r)
	}
	decoded, err := requests[2].HTTP()
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(decoded.Body); string(body) != "chunks" || err != nil {
		t.Errorf("decoded %q %v", body, err)
	}
}

func TestRecordingShowsAnUploadThatIsCutOff(t *testing.T) {
	origin := listening(t, plain("hello"))
	client := dial(t, origin).send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it")
	if requests, err := origin.Await(soon(t), 1); err != nil || requests[0].Whole {
		t.Fatalf("%+v %v", requests, err)
	}
	client.Close()
	requests, err := origin.AwaitFunc(soon(t), func(r []legacy.Request) bool { return r[0].BodySize > 0 })
	if err != nil || string(requests[0].Body) != "half of it" || requests[0].Whole {
		t.Errorf("%+v %v", requests, err)
	}
}

func TestRecordingKeepsTheBeginningOfALargeBody(t *testing.T) {
	origin := listening(t, plain("hello"))
	size := 3 * legacy.MaxKeptBody
	dial(t, origin).send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))).expect(plainHello)
	if r := origin.Requests()[0]; len(r.Body) != legacy.MaxKeptBody || int(r.BodySize) != size || !r.Whole {
		t.Errorf("%d bytes kept of %d", len(r.Body), r.BodySize)
	}
}

func TestRecordingInvitesAClientThatWaitsFor100(t *testing.T) {
	origin := listening(t, plain("hello"))
	client := dial(t, origin).send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	client.expect("HTTP/1.1 100 Continue\r\n\r\n").send("body").expect(plainHello)
}

func TestRecordingSaysWhatItWaitedForInVain(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	impatience := errors.New("impatient")
	cancel(impatience)
	_, err := listening(t, plain("")).Await(ctx, 1)
	if !errors.Is(err, impatience) || err.Error() != "faulty origin: 0 requests so far: impatient" {
		t.Errorf("%v", err)
	}
}

func TestRecordingStartsAgainWhenCleared(t *testing.T) {
	origin := listening(t, plain("hello"))
	client := dial(t, origin).ask("/1").expect(plainHello)
	origin.Clear()
	client.ask("/2").expect(plainHello)
	if requests := origin.Requests(); len(requests) != 1 || requests[0].Number != 1 || requests[0].Path != "/2" || origin.Total() != 1 {
		t.Errorf("%+v", requests)
	}
}
