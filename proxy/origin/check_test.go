package origin

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// quickly is a check that is made often.
func quickly(o *GroupOptions) {
	o.Check = &Check{Path: "/healthz?deep=1", Agent: "pollmux/test", Interval: 10 * time.Millisecond, Timeout: await.Patience, Healthy: 2, Unhealthy: 3}
}

// checks are the requests for the path of checks that a server got.
func checks(f *legacy.Faulty) (all []legacy.Request) {
	for _, request := range f.Requests() {
		if strings.HasPrefix(request.Target, "/healthz") {
			all = append(all, request)
		}
	}
	return all
}

func TestAServerWhoseChecksFailIsLeftOutUntilTheySucceed(t *testing.T) {
	r := newGroupRig(t, 3, quickly)
	feed := r.feedOf(0)
	await.Until(t, "all are checked", func() bool {
		return len(checks(r.servers[0])) > 1 && len(checks(r.servers[1])) > 1 && len(checks(r.servers[2])) > 1
	})
	r.wants(r.group.Polls, poll(feed), "a")
	r.servers[0].Break(legacy.Status(500), "/healthz")
	r.awaitState(0, Unhealthy)
	for range 10 {
		r.wants(r.group.Polls, poll(feed), "b", "c")
	}
	r.servers[0].Break(legacy.Behave(), "/healthz")
	r.awaitState(0, Returning)
	r.wants(r.group.Polls, poll(feed), "a")
	if log := r.log.String(); strings.Count(log, "checks of a server fail") != 1 || !strings.Contains(log, "it answers 500") || strings.Count(log, "is back") != 1 {
		t.Errorf("the log says:\n%s", log)
	}
	if s := r.group.Standings()[0]; s.Checks < 7 || s.FailedChecks < 3 || s.Ejections != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestACheckSaysWhoAsksAndNothingElse(t *testing.T) {
	r := newGroupRig(t, 2, func(o *GroupOptions) {
		quickly(o)
		o.Check.Host = "api.example.com"
	})
	await.Until(t, "a check", func() bool { return len(checks(r.servers[0])) > 0 })
	const want = "GET /healthz?deep=1 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: pollmux/test\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	if got := string(checks(r.servers[0])[0].Head); got != want {
		t.Errorf("got %q", got)
	}
}

// TestTheVeryFirstCheckDecides: nobody is sent to a server that has never been well.
func TestTheVeryFirstCheckDecides(t *testing.T) {
	r := newGroupRig(t, 2, func(o *GroupOptions) {
		quickly(o)
		o.Check.Interval, o.Check.Status = time.Hour, []int{204}
	})
	r.awaitState(0, Unhealthy)
	r.awaitState(1, Unhealthy)
	r.wants(r.group.Polls, poll(r.feedOf(1)), "b") // rather than none
	if n := r.group.Standings()[0].Checks; n != 1 {
		t.Errorf("%d checks", n)
	}
}

func TestOneBadCheckIsNotBelieved(t *testing.T) {
	r := newGroupRig(t, 2, quickly)
	await.Until(t, "it is checked", func() bool { return len(checks(r.servers[0])) > 1 })
	r.servers[0].Break(legacy.Times(2, legacy.ResetBeforeHead()), "/healthz")
	await.Until(t, "two have failed", func() bool { return r.group.Standings()[0].FailedChecks == 2 })
	n := len(checks(r.servers[0]))
	await.Until(t, "it is checked again", func() bool { return len(checks(r.servers[0])) > n+2 })
	if s := r.group.Standings()[0]; s.State != Healthy || strings.Contains(r.log.String(), "fail") {
		t.Errorf("got %+v\n%s", s, r.log)
	}
}

// TestAServerThatHangsFailsItsChecks, and delays no other's.
func TestAServerThatHangsFailsItsChecks(t *testing.T) {
	r := newGroupRig(t, 2, func(o *GroupOptions) {
		quickly(o)
		o.Check.Timeout = 20 * time.Millisecond
	})
	r.servers[0].Break(legacy.HangBeforeHead(nil), "/healthz")
	r.awaitState(0, Unhealthy)
	await.Until(t, "the other one is checked", func() bool { return len(checks(r.servers[1])) > 3 })
}

// TestOneServerIsAskedWhateverItsChecksSay, which are told all the same.
func TestOneServerIsAskedWhateverItsChecksSay(t *testing.T) {
	r := newGroupRig(t, 1, quickly)
	r.servers[0].Break(legacy.Status(503), "/healthz")
	r.awaitState(0, Unhealthy)
	r.wants(r.group.Polls, poll(1), "a")
	r.servers[0].Break(legacy.Behave(), "/healthz")
	r.awaitState(0, Healthy)
	await.Until(t, "that is told", func() bool { return strings.Contains(r.log.String(), "is back") })
}

// TestAGoodCheckEndsAnEjectionForAConnection, as it proves that there is one. What was
// broken otherwise has to wait.
func TestAGoodCheckEndsAnEjectionForAConnection(t *testing.T) {
	for _, broken := range []bool{false, true} {
		r := newGroupRig(t, 2, quickly)
		await.Until(t, "it is checked", func() bool { return len(checks(r.servers[0])) > 0 })
		r.group.mu.Lock()
		s := r.group.servers[0]
		s.ejectLocked(broken, time.Now())
		s.until = time.Now().Add(time.Hour)
		s.noteSettledLocked(time.Now())
		r.group.mu.Unlock()
		n := len(checks(r.servers[0]))
		await.Until(t, "it is checked again", func() bool { return len(checks(r.servers[0])) > n+2 })
		if got := r.state(0); got == Ejected != broken {
			t.Errorf("broken: %v; it is %s", broken, got)
		}
	}
}

// TestChecksGoByTLS, with the same certificate as everything else.
func TestChecksGoByTLS(t *testing.T) {
	server, client := certificates(t)
	r := newGroupRig(t, 1, func(o *GroupOptions) {
		quickly(o)
		f := legacy.NewFaulty(plain("s"), nil)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f.ListenOn(tls.NewListener(l, server))
		t.Cleanup(f.Close)
		o.TLS = client
		o.Servers = append(o.Servers, parseURL(t, "https://"+l.Addr().String()))
	})
	r.servers[0].Close()
	r.awaitState(0, Unhealthy)
	await.Until(t, "the other one is checked", func() bool { return r.group.Standings()[1].Checks > 2 })
	if s := r.group.Standings()[1]; s.State != Healthy || s.FailedChecks != 0 {
		t.Errorf("got %+v", s)
	}
	r.wants(r.group.Polls, poll(1), "s")
}
