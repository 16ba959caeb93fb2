package origin

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: b\r\n\r\n"

// upgrading is a request that expects a 101.
func upgrading() *Request {
	return &Request{Method: "GET", Head: headOf("GET", "/", "Connection: Upgrade", "Upgrade: websocket"), Timeout: await.Patience, Upgrade: true}
}

// shouting answers with a 101, bytes glued to it, and then whatever comes in
// upper case; when the client has said its last, it says goodbye.
func shouting(glued string) legacy.Fault {
	return func(x *legacy.Exchange) {
		defer x.Close()
		c, br := x.Conn()
		_, _ = io.WriteString(c, switching+glued)
		for {
			line, err := br.ReadString('\n')
			if err != nil {
				_, _ = io.WriteString(c, "goodbye")
				return
			}
			_, _ = io.WriteString(c, strings.ToUpper(line))
		}
	}
}

func TestATunnelCarriesWhatWasGluedToThe101First(t *testing.T) {
	for _, glued := range []string{"", "glued\n", strings.Repeat("a long frame ", 1000) + "\n"} {
		eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
			r.Break(shouting(glued))
			resp, err := r.client.Do(soon(t), upgrading())
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != 101 || resp.Header.Get("X-A") != "b" || resp.Body != nil || resp.Tunnel == nil {
				t.Fatalf("got %+v", resp)
			}
			defer resp.Tunnel.Close()
			if _, err := io.WriteString(resp.Tunnel, "hello\n"); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(glued)+6)
			if _, err := io.ReadFull(resp.Tunnel, got); err != nil || string(got) != glued+"HELLO\n" {
				t.Fatalf("got %.40q, %v", got, err)
			}
		})
	}
}

func TestATunnelCanBeClosedHalf(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		r.Break(shouting(""))
		resp, err := r.client.Do(soon(t), upgrading())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Tunnel.Close()
		_, _ = io.WriteString(resp.Tunnel, "hello\n")
		if err := resp.Tunnel.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Tunnel); string(got) != "HELLO\ngoodbye" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestATunnelHasNoTimeoutOfItsRequest(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(shouting(""))
	req := upgrading()
	req.Timeout = 50 * time.Millisecond
	resp, err := r.client.Do(soon(t), req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Tunnel.Close()
	time.Sleep(2 * req.Timeout) // what is tested is that this does no harm
	_, _ = io.WriteString(resp.Tunnel, "hello\n")
	got := make([]byte, 6)
	if _, err := io.ReadFull(resp.Tunnel, got); err != nil || string(got) != "HELLO\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestATunnelBelongsToItsContextUntilItIsDetached(t *testing.T) {
	for name, detach := range map[string]bool{"attached": false, "detached": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(shouting(""))
			ctx, cancel := context.WithCancel(t.Context())
			resp, err := r.client.Do(ctx, upgrading())
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Tunnel.Close()
			if detach && !resp.Detach() {
				t.Error("it cannot be detached")
			}
			cancel()
			if detach {
				_, _ = io.WriteString(resp.Tunnel, "hello\n")
			}
			got := make([]byte, 6)
			if _, err := io.ReadFull(resp.Tunnel, got); (err == nil) != detach {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestARefusedUpgradeIsAnAnswerLikeAnyOther(t *testing.T) {
	r := newRig(t, legacy.Answer{Status: 426, Body: []byte("no")})
	for range 2 {
		if resp := r.expect(upgrading(), 426, "no"); resp.Tunnel != nil {
			t.Error("a tunnel")
		}
	}
	if got := r.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestAnUpgradeIsTriedOnce(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(1)
	r.Break(legacy.CloseBeforeHead(), "/")
	if _, err := r.client.Do(soon(t), upgrading()); !errors.Is(err, ErrTruncated) {
		t.Errorf("got %v", err)
	}
	if got := r.Total(); got != 1 {
		t.Errorf("%d requests", got)
	}
}

func TestASloppy101SaysSo(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(answerWith("HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n"))
	resp, err := r.client.Do(soon(t), upgrading())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Tunnel.Close()
	if resp.Sloppy == "" {
		t.Error("it does not")
	}
}

// TestATunnelIsNothingToDo: the clients of a server that was restarted are elsewhere
// since, on connections that they keep for hours. It is not to get everything else for
// that, nor are others to lose their feeds.
func TestATunnelIsNothingToDo(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for _, s := range r.servers {
		s.Break(shouting(""), "/ws")
	}
	feed := r.feedOf(0)
	upgrading := func() *Response {
		req := upgrading()
		req.Head = headOf("GET", "/ws", "Connection: Upgrade", "Upgrade: websocket")
		resp, err := r.group.Passes.Do(soon(t), req)
		if err != nil || resp.Tunnel == nil {
			t.Fatalf("got %v, %v", resp, err)
		}
		t.Cleanup(func() { _ = resp.Tunnel.Close() })
		return resp
	}
	r.set(1, Ejected, time.Now())
	const tunnels = 3 * slack
	for range tunnels {
		upgrading()
	}
	r.set(1, Healthy, time.Now())
	got := map[string]int{}
	for range 20 {
		got[r.wants(r.group.Passes, passed(), "a", "b")]++
	}
	if got["a"] != 10 {
		t.Errorf("of what is passed, they got %v", got)
	}
	r.wants(r.group.Polls, poll(feed), "a")
	for range 10 {
		if resp := upgrading(); resp.From != r.group.servers[1] {
			t.Error("another tunnel goes where there are many")
		}
	}
	if s := r.group.Standings()[0]; s.InFlight != tunnels {
		t.Errorf("%d are told to be under way", s.InFlight)
	}
}
