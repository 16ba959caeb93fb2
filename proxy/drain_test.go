package proxy

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

func TestGoodbyesAreSpreadByHowManyThereAre(t *testing.T) {
	for _, test := range []struct {
		held       int
		most, want time.Duration
	}{
		{0, 10 * time.Second, 250 * time.Millisecond}, {10, 10 * time.Second, 250 * time.Millisecond}, {5000, 20 * time.Second, 10 * time.Second},
		{5000, 2 * time.Second, 2 * time.Second}, {100_000, 10 * time.Second, 10 * time.Second}, {5, 0, 0},
	} {
		if got := spreadOf(test.held, test.most); got != test.want {
			t.Errorf("%d in %v: %v, want %v", test.held, test.most, got, test.want)
		}
	}
}

// stop stops the proxy in the background, within ten seconds.
func (r *rig) stop() (done <-chan error) {
	r.t.Helper()
	stopped := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	r.t.Cleanup(cancel)
	go func() { stopped <- r.proxy.Shutdown(ctx) }()
	r.eventually("it stops", r.proxy.Draining)
	return stopped
}

func TestAProxyThatFadesGoesOn(t *testing.T) {
	r := newRig(t, "interval: 1h")
	if err := r.proxy.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.proxy.Fade()
	if err := r.proxy.Ready(t.Context()); err == nil || err.Error() != "draining" {
		t.Errorf("ready: %v", err)
	}
	if a := r.get("/x").want(t, 200, `{"v":1}`); a.Close {
		t.Error("the connection ends")
	}
}

// Whoever has just used a connection is likely to use it again, and is told with that
// answer that it is the last one.
func TestAConnectionThatWasUsedAMomentAgoHasOneMoreAnswer(t *testing.T) {
	for name, lines := range map[string][]string{"polls": {"interval: 1h"}, "passed": {"mode: pass"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, lines...)
			c := r.dial()
			br := bufio.NewReader(c)
			ask := func(method string) reply {
				t.Helper()
				_, _ = io.WriteString(c, requestText(method, "/x", r.addr, "", nil))
				a, err := readReply(br, method)
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			for range 3 {
				if a := ask("GET"); a.Close {
					t.Error("it ends too early")
				}
			}
			stopped := r.stop()
			if a := ask("GET").want(t, 200, `{"v":1}`); !a.Close {
				t.Error("nobody is told that it is the last answer")
			}
			if _, err := br.ReadByte(); err != io.EOF {
				t.Errorf("then: %v", err)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnUploadUnderWayIsFinished(t *testing.T) {
	r := newRig(t, "mode: pass")
	c := r.dial()
	_, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 50000))
	r.eventually("it is under way", func() bool { return r.stats().ClientRequests.Pass == 1 })
	stopped := r.stop()
	_, _ = io.WriteString(c, strings.Repeat("x", 50000))
	if a, err := readReply(bufio.NewReader(c), "POST"); err != nil || a.StatusCode != 200 {
		t.Errorf("%v, %v", a.Response, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
