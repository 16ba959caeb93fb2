package proxy

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// games is a body that is worth compressing.
func games(version int) string {
	return fmt.Sprintf(`{"v":%d,"games":[%s{}]}`, version, strings.Repeat(`{"home":"Bears","away":"Grays"},`, 40))
}

// gunzip is the body of an answer that has to be compressed.
func (a reply) gunzip(t *testing.T) string {
	t.Helper()
	if a.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%d, not compressed: %v", a.StatusCode, a.Header)
	}
	return gunzipped(t, a.body)
}

func gunzipped(t *testing.T, body string) string {
	t.Helper()
	from, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestPollsAreCompressedForThoseWhoAsk(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body(games(1), "ETag", `"v1"`)
	plain := r.get("/scores").want(t, 200, games(1))
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") != `"v1"` {
		t.Errorf("%v", plain.Header)
	}
	for field, want := range map[string]string{"gzip, deflate, br, zstd": "br", "gzip, deflate": "gzip", "br;q=0, zstd, *;q=0.1": "zstd", "identity": "", "br;q=0": "", "deflate": ""} {
		a := r.get("/scores", "Accept-Encoding", field)
		if got := a.Header.Get("Content-Encoding"); a.StatusCode != 200 || got != want || a.Header.Get("Vary") != "Accept, Prefer, Accept-Encoding" {
			t.Errorf("%q: %d, %v", field, a.StatusCode, a.Header)
		}
		tag := `"v1"`
		if want != "" {
			tag = coding.Tag(tag, coding.Parse(want))
		}
		if got := a.Header.Get("ETag"); got != tag {
			t.Errorf("%q: %s, want %s", field, got, tag)
		}
		head := r.do("HEAD", "/scores", "", "Accept-Encoding", field)
		if head.Header.Get("ETag") != tag || head.Header.Get("Content-Encoding") != want || head.ContentLength != int64(len(a.body)) || head.Header.Get("Vary") != a.Header.Get("Vary") {
			t.Errorf("HEAD %q: length %d of %d, %v", field, head.ContentLength, len(a.body), head.Header)
		}
		again := r.get("/scores", "Accept-Encoding", field, "If-None-Match", tag).want(t, 304, "")
		if again.Header.Get("ETag") != tag || again.Header.Get("Content-Encoding") != "" || again.Header.Get("Vary") != a.Header.Get("Vary") {
			t.Errorf("304 %q: %v", field, again.Header)
		}
	}
	if got := r.get("/scores", "Accept-Encoding", "gzip").gunzip(t); got != games(1) {
		t.Errorf("%q", got)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestARouteCompressesInWhatItIsTold(t *testing.T) {
	for codings, want := range map[string]string{"[]": "", "[gzip]": "gzip", "[zstd, gzip]": "zstd", "[gzip, br, zstd]": "gzip"} {
		r := newRig(t, "interval: 1h", "compress: {codings: "+codings+"}")
		r.body(games(1))
		if got := r.get("/scores", "Accept-Encoding", "gzip, deflate, br, zstd").Header.Get("Content-Encoding"); got != want {
			t.Errorf("%s: %q, want %q", codings, got, want)
		}
	}
}

// What one user alone may see keeps its length to itself, unless the operator says
// otherwise.
func TestWhatNotEverybodyMaySeeIsNotCompressed(t *testing.T) {
	for name, test := range map[string]struct {
		lines  []string
		fields []string
		want   string
	}{
		"auto, nobody":        {nil, nil, "gzip"},
		"auto, a user":        {nil, []string{"Authorization", "Bearer x"}, ""},
		"auto, a cookie":      {nil, []string{"Cookie", "sid=1"}, ""},
		"auto, analytics":     {nil, []string{"Cookie", "_ga=1"}, "gzip"},
		"auto, a key":         {nil, []string{"X-Api-Key", "x"}, ""},
		"auto, vouched for":   {[]string{"compress: {private: true}"}, []string{"Authorization", "Bearer x"}, "gzip"},
		"public":              {[]string{"share: public"}, []string{"Authorization", "Bearer x"}, "gzip"},
		"identity":            {[]string{"share: identity"}, []string{"Authorization", "Bearer x"}, ""},
		"identity, vouched":   {[]string{"share: identity", "compress: {private: true}"}, []string{"Authorization", "Bearer x"}, "gzip"},
		"authorize":           {[]string{"share: authorize", "authorize: {path: /me}"}, []string{"Authorization", "Bearer x"}, ""},
		"authorize, vouched":  {[]string{"share: authorize", "authorize: {path: /me}", "compress: {private: true}"}, []string{"Authorization", "Bearer x"}, "gzip"},
		"authorize, resource": {[]string{"share: authorize"}, []string{"Authorization", "Bearer x"}, ""},
	} {
		r := newRig(t, append(test.lines, "interval: 1h")...)
		r.body(games(1))
		fields := append(test.fields, "Accept-Encoding", "gzip")
		for range 2 {
			a := r.get("/scores", fields...)
			if got := a.Header.Get("Content-Encoding"); a.StatusCode != 200 || got != test.want || !strings.HasPrefix(a.Header.Get("Vary"), "Accept, Prefer, Accept-Encoding") {
				t.Errorf("%s: %d, Content-Encoding %q, %v", name, a.StatusCode, got, a.Header)
			}
		}
	}
}

func TestWhatTheOriginSaysAboutItsBytesIsObeyed(t *testing.T) {
	for name, test := range map[string]struct {
		lines, fields []string
	}{
		"no-transform":         {nil, []string{"Cache-Control", "max-age=60, no-transform"}},
		"in two lines":         {nil, []string{"Cache-Control", "max-age=60", "Cache-Control", "No-Transform"}},
		"where each is let in": {[]string{"share: authorize", "authorize: {path: /me}", "compress: {private: true}"}, []string{"Cache-Control", "no-transform"}},
		"a digest":             {nil, []string{"Repr-Digest", "sha-256=:x:"}},
	} {
		r := newRig(t, append(test.lines, "interval: 1h")...)
		r.body(games(1), test.fields...)
		fields := []string{"Accept-Encoding", "gzip, br"}
		if test.lines != nil {
			fields = append(fields, "Authorization", "Bearer x")
		}
		for range 2 {
			a := r.get("/scores", fields...).want(t, 200, games(1))
			if a.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: %v", name, a.Header)
			}
		}
		r.body(games(1))
		if a := r.get("/other", fields...); a.Header.Get("Content-Encoding") != "br" {
			t.Errorf("%s: nothing is compressed here anyhow: %v", name, a.Header)
		}
	}
}

// What the origin encodes is passed on, to each client its own, byte for byte.
func TestWhatTheOriginEncodesIsNotEncodedAgain(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body(games(1), "Content-Encoding", "x-own", "ETag", `"o"`)
	for range 2 {
		a := r.get("/scores", "Accept-Encoding", "gzip, br, x-own").want(t, 200, games(1))
		if a.Header.Get("Content-Encoding") != "x-own" || a.Header.Get("ETag") != `"o"` {
			t.Errorf("%v", a.Header)
		}
	}
}

func TestAnOriginNeverGetsATagOfACoding(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.body(games(1), "ETag", `"v1"`)
	tag := r.get("/scores", "Accept-Encoding", "gzip").Header.Get("ETag")
	if tag != `"v1-pm-gzip"` {
		t.Fatalf("%s", tag)
	}
	for range 5 {
		r.get("/scores", "Accept-Encoding", "gzip", "If-None-Match", tag).want(t, 304, "")
		r.get("/scores", "Accept-Encoding", "gzip", "If-None-Match", tag, "Prefer", "wait=1").want(t, 304, "")
	}
	r.do("PUT", "/scores", `{"v":2}`, "If-Match", tag+`, W/"v0-pm-br"`, "If-None-Match", tag, "If-Range", tag)
	for _, request := range r.origin.Requests() {
		if request.Method == "GET" && strings.Contains(string(request.Head), "-pm-") {
			t.Errorf("a poll: %s", request.Head)
		}
		if request.Method == "PUT" && request.Header.Get("If-Match") != `"v1", W/"v0"` {
			t.Errorf("If-Match: %s", request.Header.Get("If-Match"))
		}
		if request.Method == "PUT" && request.Header.Get("If-None-Match") != `"v1"` {
			t.Errorf("If-None-Match: %s", request.Header.Get("If-None-Match"))
		}
	}
	if n := len(r.requestsTo("/scores")); n < 2 {
		t.Errorf("the origin got %d requests", n)
	}
}

// An origin whose own tags look like those of a coding is not taken at its word: one
// version's could be another's under a coding.
func TestAnOriginsTagThatLooksLikeACodingsIsNotUsed(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.body(games(1), "ETag", `"v1"`)
	tag := r.get("/scores", "Accept-Encoding", "gzip").Header.Get("ETag")
	r.body(games(2), "ETag", tag)
	r.eventually("the next version is there", func() bool {
		a := r.get("/scores", "Accept-Encoding", "gzip", "If-None-Match", tag)
		return a.StatusCode == 200 && a.gunzip(t) == games(2) && a.Header.Get("ETag") != tag
	})
	r.get("/scores", "If-None-Match", tag).want(t, 200, games(2))
}

// The same tags of the origin's, or of ours, mean something else for another user.
func TestATagOfACodingIsNoneOfAnotherUsersVersion(t *testing.T) {
	r := newRig(t, "interval: 1h", "compress: {private: true}")
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		who := x.Header.Get("Authorization")
		return legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"you":"` + who + `"` + games(1) + `}`)}
	})
	tags := map[string]string{}
	for _, who := range []string{"ann", "bob"} {
		a := r.get("/me", "Authorization", who, "Accept-Encoding", "gzip")
		if got := a.gunzip(t); !strings.Contains(got, who) {
			t.Fatalf("%s is told %q", who, got)
		}
		tags[who] = a.Header.Get("ETag")
	}
	for _, who := range []string{"ann", "bob"} {
		for whose, tag := range tags {
			for c := coding.Identity; int(c) < coding.Codings; c++ {
				base, _ := coding.CutTag([]byte(tag))
				a := r.get("/me", "Authorization", who, "Accept-Encoding", "gzip, br, zstd", "If-None-Match", coding.Tag(string(base)+`"`, c))
				if own := whose == who; own != (a.StatusCode == 304) {
					t.Errorf("%s has %s's in %v: %d", who, whose, c, a.StatusCode)
				}
			}
		}
		r.get("/me", "Authorization", who, "If-None-Match", tags[who]).want(t, 200, `{"you":"`+who+`"`+games(1)+`}`)
	}
}

func TestALongPollUnderstandsTheTagOfACoding(t *testing.T) {
	r := newRig(t, "interval: 10ms", "wait_query: wait")
	r.body(games(1))
	tag := r.get("/scores", "Accept-Encoding", "gzip").Header.Get("ETag")
	for name, ask := range map[string]func() (reply, error){
		"Prefer": func() (reply, error) {
			return r.try("GET", "/scores", "", "Prefer", "wait=30", "If-None-Match", tag, "Accept-Encoding", "gzip")
		},
		"wait_query": func() (reply, error) {
			return r.try("GET", "/scores?wait=30&wait_etag="+strings.Trim(tag, `"`), "", "Accept-Encoding", "gzip")
		},
		"as it is": func() (reply, error) {
			return r.try("GET", "/scores?wait=30&wait_etag="+strings.TrimSuffix(strings.Trim(tag, `"`), "-pm-gzip"), "", "Accept-Encoding", "gzip")
		},
	} {
		answered := make(chan reply, 1)
		go func() {
			a, err := ask()
			if err != nil {
				t.Error(err)
			}
			answered <- a
		}()
		r.eventually(name+": it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
		r.body(games(len(name)))
		a := <-answered
		if got := a.gunzip(t); got != games(len(name)) || a.Header.Get("Vary") == "" {
			t.Errorf("%s: %q", name, got)
		}
		r.eventually(name+": it is held no more", func() bool { return r.stats().Subscribers.Longpoll == 0 })
		tag = a.Header.Get("ETag")
	}
}

func TestAHundredClientsGetOneAnswerInTheirCodings(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body(games(1))
	var clients sync.WaitGroup
	bodies := make([]string, 100)
	for i := range bodies {
		clients.Go(func() {
			a, err := r.try("GET", "/scores", "", "Accept-Encoding", []string{"gzip", "br", "zstd", "identity"}[i%4])
			if err != nil || a.StatusCode != 200 {
				t.Errorf("%d, %v", a.StatusCode, err)
			}
			bodies[i] = a.body
		})
	}
	clients.Wait()
	for i := range bodies {
		if bodies[i] != bodies[i%4] {
			t.Errorf("client %d got other bytes", i)
		}
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

// A client that asks again on its connection names the version by the tag that it
// was given.
func TestALongPollGoesOnInItsCoding(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.body(games(1))
	for _, accept := range []string{"gzip", "identity", "br;q=0.5, gzip"} {
		c := r.dial()
		br := bufio.NewReader(c)
		tag := r.get("/scores", "Accept-Encoding", accept).Header.Get("ETag")
		for v := 2; v < 6; v++ {
			ask := requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=30", "Accept-Encoding", accept, "If-None-Match", tag})
			if _, err := io.WriteString(c, ask); err != nil {
				t.Fatal(err)
			}
			r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
			r.body(games(v))
			a, err := readReply(br, "GET")
			if err != nil || a.StatusCode != 200 || a.Header.Get("ETag") == tag {
				t.Fatalf("%q: %v, %v", accept, a.Response, err)
			}
			body := a.body
			if accept != "identity" {
				body = a.gunzip(t)
			}
			if body != games(v) {
				t.Errorf("%q: %q", accept, body)
			}
			tag = a.Header.Get("ETag")
		}
		_ = c.Close()
		r.eventually("it is held no more", func() bool { return r.stats().Subscribers.Longpoll == 0 })
	}
}

// A request that is repeated byte for byte is answered by what was made of the first
// one; the coding is among that.
func TestARepeatedPollGoesOnInItsCoding(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.body(games(1))
	for _, accept := range []string{"gzip", "identity", "gzip, identity;q=0"} {
		c := r.dial()
		br := bufio.NewReader(c)
		ask := func(fields ...string) reply {
			t.Helper()
			if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", append(fields, "Accept-Encoding", accept))); err != nil {
				t.Fatal(err)
			}
			a, err := readReply(br, "GET")
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		for v := 1; v < 4; v++ {
			for fields := range 3 {
				r.body(games(v), []string{"Cache-Control", []string{"max-age=0", "no-transform", "no-cache"}[fields]}...)
				plain := accept == "identity" || fields == 1
				r.eventually(fmt.Sprintf("%q gets version %d, plain: %v", accept, v, plain), func() bool {
					a := ask()
					body := a.body
					if a.Header.Get("Content-Encoding") == "gzip" {
						body = gunzipped(t, body)
					}
					return body == games(v) && (a.Header.Get("Content-Encoding") == "") == plain
				})
			}
			tag := ask().Header.Get("ETag")
			for range 4 {
				if a := ask("If-None-Match", tag); a.StatusCode != 304 || a.Header.Get("ETag") != tag || a.body != "" {
					t.Errorf("%q: %d, %v", accept, a.StatusCode, a.Header)
				}
			}
		}
	}
}
