package upgrade_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/molecule-man/go-brrr"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

var press = coding.NewPress()

// allCodings is offered in the order of the default.
var allCodings = &coding.Offer{Press: press, Codings: []coding.Coding{coding.Brotli, coding.Zstd, coding.Gzip}}

// offered is a version that clients may have compressed.
func offered(u upgrade.Update) *upgrade.Update {
	u.Offer = allCodings
	if u.Version == 0 {
		u.Version = 1
	}
	return upgrade.NewUpdate(u)
}

// league is a body that is worth compressing.
func league(version int) string {
	return fmt.Sprintf(`{"v":%d,"games":[%s{}]}`, version, strings.Repeat(`{"home":"Bears","away":"Grays"},`, 40))
}

// plain undoes a coding, by its name in Content-Encoding.
func plain(t testing.TB, name, body string) string {
	t.Helper()
	from, err := decoder(name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(from)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(all)
}

func decoder(name string, r io.Reader) (io.Reader, error) {
	switch name {
	case "gzip":
		return gzip.NewReader(r)
	case "zstd":
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	case "br":
		return brrr.NewReader(r), nil
	}
	return r, nil
}

// asked is the answer to a poll with these fields.
func asked(u *upgrade.Update, acceptEncoding, ifNoneMatch string) upgrade.Answer {
	var have []byte
	if ifNoneMatch != "" {
		have = []byte(ifNoneMatch)
	}
	a := upgrade.Answer{Update: u, Now: someTime}
	a.Coding, a.NotModified = u.Select(u.Accepts([]byte(acceptEncoding)), have, nil)
	return a
}

func TestAnAnswerComesInTheCodingThatItsClientAsksFor(t *testing.T) {
	c := json(league(1))
	c.Header = []upgrade.Field{{Name: "Accept-Ranges", Value: "bytes"}, {Name: "X-Own", Value: "1"}}
	u := offered(c)
	tags := map[string]bool{}
	for field, want := range map[string]string{"": "", "gzip, deflate": "gzip", "gzip, zstd": "zstd", "gzip, deflate, br, zstd": "br"} {
		for _, method := range []string{"GET", "HEAD"} {
			r := written(t, method, asked(u, field, ""))
			if got := r.header.Get("Content-Encoding"); got != want || r.header.Get("X-Own") != "1" {
				t.Errorf("%s %q: Content-Encoding %q, want %q", method, field, got, want)
			}
			if ranges := r.header.Get("Accept-Ranges"); (ranges == "") != (want != "") {
				t.Errorf("%s %q: Accept-Ranges %q", method, field, ranges)
			}
			tags[r.header.Get("ETag")] = true
			if method == "HEAD" {
				continue
			}
			if got := plain(t, want, r.body); got != league(1) {
				t.Errorf("%q: %q", field, got)
			}
			if other := appended(t, asked(u, field, ""), false); other.body != r.body || other.header.Get("ETag") != r.header.Get("ETag") || other.header.Get("Content-Encoding") != want {
				t.Errorf("%q: without fasthttp it is %+v", field, other)
			}
		}
	}
	if len(tags) != 4 || !tags[u.ETag] {
		t.Errorf("not each coding has a tag of its own: %v", tags)
	}
}

func TestWhatIsNotWorthItOrForbiddenGoesAsItIs(t *testing.T) {
	long := league(1)
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(i * i >> 3 * (i%7 + 1))
	}
	with := func(change func(*upgrade.Update)) upgrade.Update {
		u := json(long)
		change(&u)
		return u
	}
	for name, test := range map[string]struct {
		update upgrade.Update
		coded  bool
	}{
		"JSON":                  {json(long), true},
		"a problem":             {content(404, "application/problem+json", long), true},
		"a page":                {content(200, "Text/HTML; charset=utf-8", long), true},
		"SVG":                   {content(200, "image/svg+xml", long), true},
		"short":                 {json(long[:255]), false},
		"just long enough":      {json(strings.Repeat("a", 256)), true},
		"a picture":             {content(200, "image/jpeg", long), false},
		"a film":                {content(200, "video/mp4", long), false},
		"an archive":            {content(200, "application/zip", long), false},
		"anything":              {content(200, "application/octet-stream", long), false},
		"a compressed font":     {content(200, "font/woff2", long), false},
		"no type":               {content(200, "", long), false},
		"too long":              {json(strings.Repeat("a", 8<<20+1)), false},
		"no-transform":          {with(func(u *upgrade.Update) { u.CacheControl = `max-age=1, ext="a, b", No-Transform` }), false},
		"no-transform quoted":   {with(func(u *upgrade.Update) { u.CacheControl = `ext="no-transform"` }), true},
		"no-transform, or so":   {with(func(u *upgrade.Update) { u.CacheControl = "no-transformation" }), true},
		"signed":                {with(func(u *upgrade.Update) { u.Header = []upgrade.Field{{Name: "content-digest", Value: "x"}} }), false},
		"not offered":           {with(func(u *upgrade.Update) { u.Offer = nil }), false},
		"random":                {content(200, "text/plain", string(noise[:300])), false},
		"without entity tag":    {with(func(u *upgrade.Update) { u.ETag = "" }), true},
		"no content":            {content(204, "application/json", ""), false},
		"empty":                 {json(""), false},
		"of an origin's coding": {with(func(u *upgrade.Update) { u.Header = []upgrade.Field{{Name: "Content-Encoding", Value: "x"}} }), false},
	} {
		u := offered(test.update)
		if name == "not offered" {
			u = upgrade.NewUpdate(test.update)
		}
		a := asked(u, "br, gzip", "")
		if got := a.Coding != coding.Identity; got != test.coded {
			t.Errorf("%s: %v", name, a.Coding)
		}
		r := appended(t, a, false)
		if body := plain(t, r.header.Get("Content-Encoding"), r.body); body != string(test.update.Body) {
			t.Errorf("%s: %d bytes became %d", name, len(test.update.Body), len(body))
		}
	}
}

// Who refuses an answer as it is gets it compressed, small or not; but the origin's
// word counts for more.
func TestAClientThatRefusesIdentityGetsACodingIfItMay(t *testing.T) {
	for name, test := range map[string]struct {
		update upgrade.Update
		want   coding.Coding
	}{
		"short":        {json("1"), coding.Gzip},
		"a picture":    {content(200, "image/png", "xyz"), coding.Gzip},
		"empty":        {json(""), coding.Identity},
		"no-transform": {func() upgrade.Update { u := json("1"); u.CacheControl = "no-transform"; return u }(), coding.Identity},
	} {
		u := offered(test.update)
		if a := asked(u, "gzip, identity;q=0", ""); a.Coding != test.want {
			t.Errorf("%s: %v, want %v", name, a.Coding, test.want)
		}
		if a := asked(u, "*;q=0", ""); a.Coding != coding.Identity {
			t.Errorf("%s: nothing is acceptable, and got %v", name, a.Coding)
		}
	}
}

func TestARenewalMayForbidOrAllowIt(t *testing.T) {
	first := offered(json(league(1)))
	coded := asked(first, "gzip", "")
	forbidden := first.Renewed("no-transform", first.Date, someTime, someTime, 0)
	if a := asked(forbidden, "gzip", ""); a.Coding != coding.Identity {
		t.Error("what must not be transformed is")
	}
	tag := appended(t, coded, false).header.Get("ETag")
	if asked(forbidden, "gzip", tag).NotModified {
		t.Error("what the client has is not what there is to be had")
	}
	again := forbidden.Renewed("", first.Date, someTime, someTime, 0)
	if a := asked(again, "gzip", ""); a.Coding != coding.Gzip || &content0(a)[0] != &content0(coded)[0] {
		t.Error("the same version was compressed twice")
	}
}

func content0(a upgrade.Answer) []byte { return upgrade.Content(&a) }

// A client has a version if it names it by any tag that it was given and would take
// today.
func TestAConditionIsAboutTheVersionInACodingThatTheClientTakes(t *testing.T) {
	u := offered(json(league(1)))
	other := offered(json(league(2)))
	under := func(u *upgrade.Update, c coding.Coding) string { return coding.Tag(u.ETag, c) }
	for _, test := range []struct {
		accept, have string
		want         string // the tag of the 304; "" for the whole answer
	}{
		{"", u.ETag, u.ETag},
		{"br, gzip", under(u, coding.Brotli), under(u, coding.Brotli)},
		{"br, gzip", under(u, coding.Gzip), under(u, coding.Gzip)}, // it likes another better now
		{"br, gzip", u.ETag, u.ETag},
		{"br, gzip", "W/" + under(u, coding.Brotli), under(u, coding.Brotli)},
		{"br, gzip", `"x", ` + under(u, coding.Gzip) + `, ` + u.ETag, under(u, coding.Gzip)},
		{"br, gzip", "*", under(u, coding.Brotli)},
		{"", "*", u.ETag},
		{"br, gzip, identity;q=0", under(u, coding.Brotli), under(u, coding.Brotli)},

		// What it would not take, it does not have.
		{"", under(u, coding.Gzip), ""},
		{"br", under(u, coding.Gzip), ""},
		{"gzip;q=0, br", under(u, coding.Gzip), ""},
		{"gzip, identity;q=0", u.ETag, ""},

		// Another version is another version, whatever its coding is called.
		{"br, gzip", other.ETag, ""},
		{"br, gzip", under(other, coding.Brotli), ""},
		{"br, gzip", under(other, coding.Gzip) + ", " + under(other, coding.Zstd), ""},
		{"br, gzip", strings.TrimSuffix(u.ETag, `"`), ""},
		{"br, gzip", strings.TrimSuffix(under(u, coding.Gzip), `"`), ""},
		{"br, gzip", coding.Tag(under(u, coding.Gzip), coding.Gzip), ""},
		{"br, gzip", `""`, ""},
		{"br, gzip", coding.Tag(`""`, coding.Gzip), ""},
	} {
		r := appended(t, asked(u, test.accept, test.have), false)
		switch {
		case test.want == "" && r.status == 200:
		case r.status != http.StatusNotModified || r.header.Get("ETag") != test.want:
			t.Errorf("%q has %s: %d with %s, want %s", test.accept, test.have, r.status, r.header.Get("ETag"), test.want)
		case r.header.Get("Content-Encoding") != "" || r.header.Get("Vary") != "Accept" || r.body != "":
			t.Errorf("%q has %s: %+v", test.accept, test.have, r)
		}
	}
}

func TestOfTwoRequestsTheSecondIs304WhateverTheClientAccepts(t *testing.T) {
	u := offered(json(league(1)))
	for _, accept := range []string{"", "gzip", "br", "zstd, gzip", "*", "identity;q=0, gzip", "identity", "*;q=0", "x"} {
		first := appended(t, asked(u, accept, ""), false)
		second := appended(t, asked(u, accept, first.header.Get("ETag")), false)
		if first.status != 200 || second.status != 304 || second.header.Get("ETag") != first.header.Get("ETag") {
			t.Errorf("%q: %s and then %d %s", accept, first.header.Get("ETag"), second.status, second.header.Get("ETag"))
		}
	}
}

func TestAHundredClientsAtOnceCostOneEncodingOfEachCoding(t *testing.T) {
	var mu sync.Mutex
	var kept []int
	c := json(league(1))
	c.Taken = func(bytes int) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, bytes)
	}
	u := offered(c)
	bodies := [3]map[*byte]bool{{}, {}, {}}
	accepts := []string{"gzip", "br", "zstd"}
	var clients sync.WaitGroup
	begin := make(chan struct{})
	for i := range 300 {
		clients.Go(func() {
			<-begin
			u := u.Renewed("", u.Date, someTime, someTime, 0) // the same version, found again
			body := content0(asked(u, accepts[i%3], ""))
			mu.Lock()
			defer mu.Unlock()
			bodies[i%3][&body[0]] = true
		})
	}
	close(begin)
	clients.Wait()
	for i := range bodies {
		if len(bodies[i]) != 1 {
			t.Errorf("%s was made %d times", accepts[i], len(bodies[i]))
		}
	}
	if len(kept) != 3 {
		t.Errorf("of what is kept was told: %v", kept)
	}
}

func TestALongPollIsAnsweredInItsClientsCoding(t *testing.T) {
	source := newFake("")
	source.publish(func() upgrade.Update { u := json(league(1)); u.Offer = allCodings; return u }())
	have := source.Latest().Update
	hold := func(accept string) *upgrade.LongPoll {
		accepted := have.Accepts([]byte(accept))
		answer := upgrade.Answer{Held: time.Minute, Coding: have.Choose(accepted)}
		return upgrade.NewLongPoll(source, upgrade.LongPollOptions{Have: have, Answer: answer, Accepted: accepted, Delivered: func(*upgrade.Update) {}})
	}
	read := func(b []byte) response { return readResponse(t, bufio.NewReader(bytes.NewReader(b)), "GET") }
	accepts := []string{"", "gzip", "br, gzip", "zstd"}
	for _, accept := range accepts {
		want := appended(t, asked(have, accept, ""), false).header.Get("ETag")
		if r := read(hold(accept).Expire()); r.status != 304 || r.header.Get("ETag") != want || r.header.Get("Content-Encoding") != "" {
			t.Errorf("%q: at the end %+v", accept, r)
		}
	}
	var held []*upgrade.LongPoll
	for _, accept := range accepts {
		held = append(held, hold(accept), hold(accept))
	}
	source.publish(func() upgrade.Update { u := json(league(2)); u.Offer = allCodings; return u }())
	for i, accept := range accepts {
		first, _ := told(held[2*i])
		second, _ := told(held[2*i+1])
		r := read(first)
		want := appended(t, asked(source.Latest().Update, accept, ""), false)
		if r.status != 200 || r.header.Get("ETag") != want.header.Get("ETag") || r.header.Get("Content-Encoding") != want.header.Get("Content-Encoding") || r.body != want.body {
			t.Errorf("%q: %+v", accept, r)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%q: two clients got different answers", accept)
		}
	}
}

func TestAHitInACodingAllocatesNothing(t *testing.T) {
	u := offered(json(league(1)))
	accept, have := []byte("gzip, deflate, br, zstd"), []byte(coding.Tag(u.ETag, coding.Gzip))
	u.Select(u.Accepts(accept), nil, nil)
	if n := testing.AllocsPerRun(100, func() {
		u.Select(u.Accepts(accept), nil, nil)
		u.Select(u.Accepts(accept), have, nil)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// The same question is one with the tag that the client was given, in its coding.
func TestALongPollThatAsksAgainHasTheVersionInItsCoding(t *testing.T) {
	ask := func(tag string) []byte {
		return []byte("GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\nIf-None-Match: " + tag + "\r\n\r\n")
	}
	for _, accept := range []string{"gzip", ""} {
		source := newFake("")
		source.publish(func() upgrade.Update { u := json(league(1)); u.Offer = allCodings; return u }())
		have := source.Latest().Update
		accepted := have.Accepts([]byte(accept))
		c := have.Choose(accepted)
		p := upgrade.NewLongPoll(source, upgrade.LongPollOptions{
			Have: have, Accepted: accepted, Answer: upgrade.Answer{Held: time.Minute, Coding: c}, Delivered: func(*upgrade.Update) {},
			Question: upgrade.NewQuestion(ask(have.Tag(c)), have.Tag(c)), Again: always{},
		})
		source.publish(func() upgrade.Update { u := json(league(2)); u.Offer = allCodings; return u }())
		_, _, _ = p.Next()
		p.Sent()
		tag := source.Latest().Update.Tag(c)
		if v, _ := p.Heard(ask(tag)); v != fanout.Renewed {
			t.Errorf("%q: %s is not the same question", accept, tag)
		}
		if r := readResponse(t, bufio.NewReader(bytes.NewReader(p.Expire())), "GET"); r.status != 304 || r.header.Get("ETag") != tag {
			t.Errorf("%q: at the end %+v, want %s", accept, r, tag)
		}
		p.Sent()
		if v, _ := p.Heard(ask(source.Latest().Update.Tag(coding.Brotli))); v != fanout.Spoken {
			t.Errorf("%q: a tag that it was not given counts", accept)
		}
	}
}

// always lets everybody wait again.
type always struct{}

func (always) Rest()       {}
func (always) Renew() bool { return true }
