package accesslog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPollsAreFoundAndWhatTheyWouldSaveIsPlayed(t *testing.T) {
	var s script
	for client := range 10 {
		for i := range 60 {
			s.ask(time.Duration(i)*5*time.Second+time.Duration(client)*400*time.Millisecond, fmt.Sprintf("10.0.0.%d", client), "GET", "/api/scores", 200)
		}
	}
	r := analyzed(t, s.sorted(), format, Options{})
	e := r.endpoint(t, "/api/scores")
	if e.Requests != 600 || e.Polls != 600 || e.Clients != 10 || e.Interval != 5 || !e.Shareable || e.Cursor != nil {
		t.Errorf("%+v", e)
	}
	// The first client comes just when the interval is over, each time.
	if e.OriginRequests != 60 || e.SavedRequests != 540 {
		t.Errorf("%d reach the origin, %d are saved", e.OriginRequests, e.SavedRequests)
	}
	r = analyzed(t, s.sorted(), format, Options{Interval: time.Second})
	if e := r.endpoint(t, "/api/scores"); e.Interval != 1 || e.OriginRequests != 60*4 {
		t.Errorf("at 1s, %d reach the origin: %+v", e.OriginRequests, e)
	}
}

func TestWhatMayNotBeSharedIsSaid(t *testing.T) {
	var s script
	for client := range 6 {
		addr := fmt.Sprintf("10.0.0.%d", client)
		s.poll(addr, fmt.Sprintf("/api/users/%d/inbox", 1000+client), 10*time.Second, 20)
		s.poll(addr, fmt.Sprintf("/api/mine?user=u%d", client), 10*time.Second, 20)
		for i := range 20 {
			s.ask(time.Duration(i)*10*time.Second, addr, "GET", "/api/private", 200+201*(i%2))
			s.ask(time.Duration(i)*10*time.Second, addr, "POST", "/api/position", 200)
			s.ask(time.Duration(i)*10*time.Second, addr, "GET", "/healthz", 200)
			s.ask(time.Duration(i)*10*time.Second, addr, "GET", fmt.Sprintf("/api/chat?since=%d", 100+i/2), 200)
		}
	}
	r := analyzed(t, s.sorted(), format, Options{})
	for pattern, want := range map[string]string{
		"/api/users/*/inbox": "each client polls a URL of its own: 6 URLs, 6 clients",
		"/api/mine":          "each client polls a URL of its own: 6 URLs, 6 clients",
		"/api/private":       "60 answers were 401 or 403",
		"/api/position":      "methods: [POST]",
		"/healthz":           "health checks",
	} {
		if e := r.endpoint(t, pattern); e.Shareable || e.SavedRequests != 0 || !strings.Contains(strings.Join(e.Reasons, "; "), want) {
			t.Errorf("%+v", e)
		}
	}
	e := r.endpoint(t, "/api/chat")
	if !e.Shareable || e.Cursor == nil || *e.Cursor != "since" || e.Polls != 120 || !strings.Contains(e.Reasons[0], "?since=") {
		t.Errorf("%+v", e)
	}
	if e := r.endpoint(t, "/healthz"); e.Polls != 0 {
		t.Errorf("health checks are polls: %+v", e)
	}
}

func TestCacheBustersAreLeftOut(t *testing.T) {
	var s script
	for client := range 3 {
		for i := range 40 {
			at := time.Duration(i)*5*time.Second + time.Duration(client)*time.Millisecond
			s.ask(at, fmt.Sprintf("10.0.0.%d", client), "GET", fmt.Sprintf("/a?_=%d&league=1&now=%d", i*3+client, epoch().Add(at).UnixMilli()), 200)
			s.ask(at, fmt.Sprintf("10.0.0.%d", client), "GET", fmt.Sprintf("/b?rnd=%d", i*77%91+1000*client), 200)
		}
	}
	r := analyzed(t, s.sorted(), format, Options{})
	if e := r.endpoint(t, "/a"); e.Polls != 120 || e.OriginRequests != 40 || !slices.Equal(e.IgnoreQuery, []string{"now"}) {
		t.Errorf("%+v", e)
	}
	if e := r.endpoint(t, "/b"); e.OriginRequests != 40 || !slices.Equal(e.IgnoreQuery, []string{"rnd"}) {
		t.Errorf("%+v", e)
	}
}

func TestBrowsingAndRobotsAreNoPolls(t *testing.T) {
	var s script
	gaps := []int{1, 40, 3, 95, 7, 300, 2, 15, 61, 4, 200, 9}
	at := time.Duration(0)
	for i, gap := range gaps {
		at += time.Duration(gap) * time.Second
		s.ask(at, "10.0.0.1", "GET", "/news", 200)
		s.ask(at, "10.0.0.1", "GET", fmt.Sprintf("/page/%c", 'a'+i), 200)
	}
	for i := range 100 {
		s.ask(time.Duration(i)*2*time.Second, "10.0.0.2", "GET", fmt.Sprintf("/teams/%d", i), 200)
		s.ask(time.Duration(i)*2*time.Second, "10.0.0.3", "GET", fmt.Sprintf("/list?offset=%d", 20*i), 200)
	}
	r := analyzed(t, s.sorted(), format, Options{})
	if r.Polls != 0 || r.Classes.Crawlers != 200 || r.SavedRequests != 0 {
		t.Errorf("%+v", r.Classes)
	}
	var text strings.Builder
	if r.Write(&text); !strings.Contains(text.String(), "No polls were found.") {
		t.Error(text.String())
	}
}

func TestAWriteOutdatesWhatWasPolled(t *testing.T) {
	var s script
	s.poll("10.0.0.1", "/a", time.Second, 40)
	s.poll("10.0.0.2", "/a", time.Second, 40)
	before := analyzed(t, s.sorted(), format, Options{Interval: 20 * time.Second}).endpoint(t, "/a").OriginRequests
	s.ask(5500*time.Millisecond, "10.0.0.3", "PUT", "/a", 204)
	s.ask(7500*time.Millisecond, "10.0.0.3", "PUT", "/a", 403)
	r := analyzed(t, s.sorted(), format, Options{Interval: 20 * time.Second})
	for _, e := range r.Endpoints {
		if e.Pattern == "/a" && e.Method == "GET" && (before != 2 || e.OriginRequests != 3) {
			t.Errorf("%d without a write, with one %+v", before, e)
		}
	}
}
