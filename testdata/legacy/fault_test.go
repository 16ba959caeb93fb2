package legacy_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestFaultsThatCloseSendExactlyThis(t *testing.T) {
	head := strings.TrimSuffix(plainHello, "hello")
	for _, test := range []struct {
		name  string
		fault legacy.Fault
		want  string
	}{
		{"CloseBeforeHead", legacy.CloseBeforeHead(), ""},
		{"CloseMidHead", legacy.CloseMidHead(12), "HTTP/1.1 200"},
		{"CloseMidBody", legacy.CloseMidBody(2), head + "he"},
		{"CloseMidBody beyond its end", legacy.CloseMidBody(99), plainHello},
		{"CloseAfter", legacy.CloseAfter(), plainHello},
		{"HalfClose", legacy.HalfClose(), plainHello},
		{"NoLastChunk", legacy.NoLastChunk(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
		{"Raw", legacy.Raw([]byte("HTTP/1.1 abc")), "HTTP/1.1 abc"},
		{"Garbage", legacy.Garbage(), "\x00\xffSSH-2.0-legacy\r\nthis is not HTTP\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			origin := listening(t, plain("hello"))
			origin.Break(test.fault)
			dial(t, origin).ask("/").expectEnd(test.want)
		})
	}
}

func TestFaultsThatKeepTheConnectionSendThisAndServeOn(t *testing.T) {
	second := plain("evil")
	const secondBytes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
	for _, test := range []struct {
		name  string
		fault legacy.Fault
		want  string
	}{
		{"Behave", legacy.Behave(), plainHello},
		{"LongBody", legacy.LongBody([]byte(" and more")), plainHello + " and more"},
		{"Glued", legacy.Glued(second), plainHello + secondBytes},
		{"UnwantedBody 204", legacy.UnwantedBody(204), "HTTP/1.1 204 No Content\r\n\r\nhello"},
		{"UnwantedBody 304", legacy.UnwantedBody(304), "HTTP/1.1 304 Not Modified\r\n\r\nhello"},
		{"Informational", legacy.Informational(3, 103), hints + hints + hints + plainHello},
		{"Unread of a request without a body", legacy.Unread(legacy.Behave()), plainHello},
	} {
		t.Run(test.name, func(t *testing.T) {
			origin := listening(t, plain("hello"))
			origin.Break(test.fault, "/")
			dial(t, origin).ask("/").expect(test.want).ask("/good").expect(plainHello)
		})
	}
}

func TestUnwantedBodyAnswersHeadWithABody(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.UnwantedBody(0))
	dial(t, origin).send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").expect(plainHello)
}

func TestResetsAreResets(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault legacy.Fault
		want  string
	}{
		{"before the head", legacy.ResetBeforeHead(), ""},
		{"in mid-head", legacy.ResetMidHead(12), "HTTP/1.1 200"},
		{"in mid-body", legacy.ResetMidBody(3), strings.TrimSuffix(plainHello, "lo")},
	} {
		t.Run(test.name, func(t *testing.T) {
			origin := listening(t, plain("hello"))
			origin.Break(test.fault)
			got, err := io.ReadAll(dial(t, origin).ask("/").reader)
			if string(got) != test.want || !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("got %q and %v", got, err)
			}
		})
	}
}

func TestUnreadFaultsBeginDuringTheUpload(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.Unread(legacy.RetryAfter(429, time.Second)))
	client := dial(t, origin).send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
	client.expect("HTTP/1.1 429 Too Many Requests\r\n")
	if err := origin.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
	if request := origin.Requests()[0]; request.Whole || request.BodySize != 0 {
		t.Errorf("%+v", request)
	}
}

func TestStatusFaults(t *testing.T) {
	origin := legacy.NewFaulty(plain("hello"), func() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) })
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	for _, test := range []struct {
		fault      legacy.Fault
		status     int
		retryAfter string
	}{
		{legacy.Status(500), 500, ""},
		{legacy.Status(304), 304, ""},
		{legacy.RetryAfter(429, 2*time.Second), 429, "2"},
		{legacy.RetryAfter(503, 1500*time.Millisecond), 503, "2"},
		{legacy.RetryAfterDate(503, 90*time.Second), 503, "Sat, 01 Jan 2000 00:01:30 GMT"},
		{legacy.RetryAfterDate(503, time.Millisecond), 503, "Sat, 01 Jan 2000 00:00:01 GMT"},
	} {
		origin.Break(test.fault)
		response, err := http.Get(origin.URL())
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body) // unread, it would end the connection
		response.Body.Close()
		if response.StatusCode != test.status || response.Header.Get("Retry-After") != test.retryAfter {
			t.Errorf("%d, Retry-After %q, want %+v", response.StatusCode, response.Header.Get("Retry-After"), test)
		}
	}
	if accepted, _ := origin.Connections(); accepted != 1 {
		t.Errorf("%d connections", accepted)
	}
}

func TestFlappingFaultsTakeTurns(t *testing.T) {
	origin := listening(t, plain("hello"))
	statuses := func(fault legacy.Fault) (got [6]int) {
		origin.Break(fault)
		for i := range got {
			client := dial(t, origin).ask("/") // turns go by request, not by connection
			response, err := http.ReadResponse(client.reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			got[i] = response.StatusCode
		}
		return got
	}
	if got := statuses(legacy.Alternate(nil, legacy.Status(500), legacy.Status(503))); got != [6]int{200, 500, 503, 200, 500, 503} {
		t.Errorf("Alternate: %v", got)
	}
	if got := statuses(legacy.Times(2, legacy.Status(500))); got != [6]int{500, 500, 200, 200, 200, 200} {
		t.Errorf("Times: %v", got)
	}
}

func TestHangBeforeHeadAnswersWhenItIsLetGo(t *testing.T) {
	origin := listening(t, plain("hello"))
	letGo := make(chan struct{})
	origin.Break(legacy.HangBeforeHead(letGo))
	client := dial(t, origin).ask("/")
	if _, err := origin.Await(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	close(letGo)
	client.expect(plainHello).ask("/").expect(plainHello)
}

func TestHangMidHeadSendsTheRestWhenItIsLetGo(t *testing.T) {
	origin := listening(t, plain("hello"))
	letGo := make(chan struct{})
	origin.Break(legacy.HangMidHead(12, letGo))
	client := dial(t, origin).ask("/").expect("HTTP/1.1 200")
	letGo <- struct{}{}
	client.expect(strings.TrimPrefix(plainHello, "HTTP/1.1 200")).ask("/")
}

func TestAHalfClosedOriginStillTakesRequests(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.HalfClose())
	dial(t, origin).ask("/").expect(plainHello).ask("/lost").expectEnd("")
	if requests, err := origin.Await(soon(t), 2); err != nil || requests[1].Path != "/lost" {
		t.Errorf("%+v, %v", requests, err)
	}
}

func TestADroppedRequestIsNotRecorded(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.DropNext())
	client := dial(t, origin).ask("/").expect(plainHello).ask("/dropped")
	if got, err := io.ReadAll(client.reader); len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q and %v", got, err)
	}
	if n := origin.Total(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestFaultsThatLookAtTheTime(t *testing.T) {
	for name, test := range map[string]struct {
		fault legacy.Fault
		want  [6]string // a second apart
	}{
		"Flap":  {legacy.Flap(2*time.Second, legacy.Raw([]byte("bad"))), [6]string{"bad", "bad", plainHello, plainHello, "bad", "bad"}},
		"Delay": {legacy.Delay(time.Second, nil), [6]string{plainHello, plainHello, plainHello, plainHello, plainHello, plainHello}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin, listener := legacy.NewFaulty(plain("hello"), nil), newPipes()
				origin.ListenOn(listener)
				defer origin.Close()
				origin.Break(test.fault)
				for i, want := range test.want {
					begin := time.Now()
					client := listener.dial(t).ask("/").expect(want)
					client.Close()
					if took := time.Since(begin); (took == time.Second) != (name == "Delay") {
						t.Errorf("request %d took %v", i, took)
					}
					time.Sleep(time.Second - time.Since(begin))
				}
			})
		})
	}
}

func TestHangMidBodySendsTheRestWhenItIsLetGo(t *testing.T) {
	origin := listening(t, plain("hello"))
	letGo := make(chan struct{})
	origin.Break(legacy.HangMidBody(2, letGo))
	client := dial(t, origin).ask("/").expect(strings.TrimSuffix(plainHello, "llo"))
	letGo <- struct{}{} // taken by the hang, so the origin does hang
	client.expect("llo")
}

func TestHangsEndWhenTheClientLeaves(t *testing.T) {
	origin := listening(t, plain("hello"))
	for i, fault := range []legacy.Fault{legacy.HangBeforeHead(nil), legacy.HangMidBody(2, nil), legacy.Stray(plain(""), nil), legacy.Endless(0)} {
		origin.Break(fault)
		client := dial(t, origin).ask("/")
		if _, err := origin.Await(soon(t), i+1); err != nil {
			t.Fatal(err)
		}
		client.Close()
		if err := origin.AwaitOpen(soon(t), 0); err != nil {
			t.Error(err)
		}
	}
}

func TestStrayAnswerArrivesOnTheIdleConnection(t *testing.T) {
	origin := listening(t, plain("hello"))
	when := make(chan struct{})
	origin.Break(legacy.Stray(plain("evil"), when), "/")
	client := dial(t, origin).ask("/").expect(plainHello)
	when <- struct{}{}
	client.expect("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").ask("/next").expect(plainHello)
}

func TestDripsTakeAnIntervalPerByte(t *testing.T) {
	for name, test := range map[string]struct {
		fault legacy.Fault
		bytes int
	}{
		"Drip":     {legacy.Drip(time.Second), len(plainHello)},
		"DripBody": {legacy.DripBody(time.Second), len("hello")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin, listener := legacy.NewFaulty(plain("hello"), nil), newPipes()
				origin.ListenOn(listener)
				defer origin.Close()
				origin.Break(test.fault)
				start := time.Now()
				listener.dial(t).ask("/").expect(plainHello)
				if took, want := time.Since(start), time.Duration(test.bytes-1)*time.Second; took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

func TestEndlessBodyDoesNotEnd(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.Endless(0))
	response, err := http.Get(origin.URL())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, response.Body, 1<<20); err != nil {
		t.Errorf("ended after %d bytes: %v", n, err)
	}
	response.Body.Close()
	if err := origin.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
}

func TestInformationalFloodDoesNotEnd(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.Informational(-1, 102))
	client := dial(t, origin).ask("/")
	if _, err := io.CopyN(io.Discard, client.reader, 1<<20); err != nil {
		t.Error(err)
	}
}

func TestOversizedHeadIsThatLargeAndWellFormed(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(legacy.OversizedHead(100 << 10))
	client := dial(t, origin).ask("/")
	size := 0
	for {
		line, err := client.reader.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		size += len(line)
		if line == "\r\n" {
			break
		}
	}
	client.expect("hello")
	if size < 100<<10 || size > 110<<10 {
		t.Errorf("a head of %d bytes", size)
	}
}

func TestAFaultOfOnesOwnMaySpeakAnotherProtocol(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Break(func(x *legacy.Exchange) {
		x.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"))
		socket, reader := x.Conn()
		io.Copy(socket, bufio.NewReader(reader))
		x.Close()
	})
	client := dial(t, origin).ask("/").expect("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
	client.send("ping").expect("ping")
	client.CloseWrite(t)
	client.expectEnd("")
}
