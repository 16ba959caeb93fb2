package feed

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// groupWrite is a write whose answer names cache groups.
func groupWrite(names ...string) *Write { return &Write{Site: "example.com", Groups: names} }

// isKnown reports whether what a feed knows answers a poll.
func isKnown(f *Feed) bool {
	_, ok := f.Hit(time.Now())
	return ok
}

// inGroups has the origin answer with its path, in these groups.
func (r *rig) inGroups(groups map[string]string) {
	r.origin.answers(func(p *poll) *origin.Response {
		path := strings.Fields(p.line)[1]
		if groups[path] == "" {
			return response(200, path)
		}
		return response(200, path, "Cache-Groups", groups[path])
	})
}

func TestAWriteOutdatesTheFeedsOfItsGroups(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		r.inGroups(map[string]string{"/a": `"x", "y"`, "/b": `"y"`, "/c": `"X"`, "/d": "x", "/e": ""})
		feeds := map[string]*Feed{"/a ann": r.acquireAs("/a", "ann"), "/a bob": r.acquireAs("/a", "bob")}
		for _, path := range []string{"/a", "/b", "/c", "/d", "/e"} {
			feeds[path] = r.acquire(path)
		}
		elsewhere := r.spec("/a")
		elsewhere.Key, elsewhere.Site = "elsewhere", "example.org"
		feeds["elsewhere"], _ = r.feeds.Acquire([]byte(elsewhere.Key), func() *Spec { return elsewhere })
		for _, c := range []struct {
			write *Write
			want  string // which are outdated
		}{
			{groupWrite("x"), "/a /a ann /a bob"},
			{groupWrite("y"), "/a /a ann /a bob /b"},
			{groupWrite("x", "y", "x"), "/a /a ann /a bob /b"},
			{groupWrite("X", "none"), "/c"},
			{groupWrite("none", ""), ""},
			{groupWrite(), ""},
			{&Write{Site: "example.org", Groups: []string{"y"}}, "elsewhere"},
			{&Write{Site: "", Groups: []string{"x"}}, ""},
			{&Write{Site: "example.com", Groups: []string{"x"}, Identity: "ann"}, "/a /a ann /a bob"},
		} {
			for _, f := range feeds {
				get(f, KeepNone)
			}
			r.feeds.Written(c.write)
			outdated := ""
			for _, name := range []string{"/a", "/a ann", "/a bob", "/b", "/c", "/d", "/e", "elsewhere"} {
				if !isKnown(feeds[name]) {
					outdated += " " + name
				}
			}
			if strings.TrimSpace(outdated) != c.want {
				t.Errorf("%+v outdated %s, want %s", c.write, outdated, c.want)
			}
		}
		for _, f := range feeds {
			f.Release()
		}
	})
}

func TestAFeedIsInTheGroupsOfItsLatestAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := r.acquire("/x")
		defer f.Release()
		in := func(what string, want ...string) {
			t.Helper()
			time.Sleep(2 * time.Minute)
			get(f, KeepNone)
			if got := fmt.Sprint(f.groups); got != fmt.Sprint(want) {
				t.Errorf("%s: in %s, want %s", what, got, want)
			}
			if n := len(r.feeds.groups.members); n != len(want) {
				t.Errorf("%s: %d groups", what, n)
			}
		}
		r.origin.says(200, "v1", "ETag", `"1"`, "Cache-Groups", `"a", "b"`)
		in("the first answer", "a", "b")
		r.origin.says(304, "", "ETag", `"1"`)
		in("a 304", "a", "b")
		r.origin.says(304, "", "ETag", `"1"`, "Cache-Groups", `"b", "c"`)
		in("a 304 that says so", "b", "c")
		r.origin.says(503, "", "Cache-Groups", `"d"`)
		in("a failure", "b", "c")
		r.origin.says(200, "mine", "Set-Cookie", "a=b", "Cache-Groups", `"d"`)
		in("one that is for nobody else", "b", "c")
		r.origin.says(200, "v1", "Cache-Groups", `"c"`, "Cache-Groups", `"d"`)
		in("the same body", "c", "d")
		r.origin.says(200, "v1", "Cache-Groups", `"c", `)
		in("a malformed field")
		r.origin.says(200, "v2", "Cache-Groups", `"c"`)
		in("another body", "c")
		r.origin.says(404, "v2", "Cache-Groups", `"gone"`)
		in("another status", "gone")
		r.origin.says(200, "v2")
		in("none")
	})
}

// Only the answer to a poll tells that a write while it was under way was one to
// what it polls.
func TestAPollThatAWriteToItsGroupOvertookIsNotBelieved(t *testing.T) {
	for write, polls := range map[string]int64{"mine": 2, "another": 1} {
		inBubble(t, func(t *testing.T, r *rig) {
			d := slowDatabase(r)
			r.other = grouped{d, `"mine"`}
			f := r.acquire("/x")
			defer f.Release()
			var clients sync.WaitGroup
			clients.Go(func() { get(f, KeepNone) }) // the first poll
			time.Sleep(100 * time.Millisecond)
			d.value.Add(1)
			r.feeds.Written(groupWrite(write))
			clients.Go(func() {
				if a := get(f, KeepNone); write == "mine" {
					r.want(a, "1") // who knows of the write
				}
			})
			clients.Wait()
			if n := d.polls.Load(); n != polls {
				t.Errorf("%s: %d polls, want %d", write, n, polls)
			}
			if !isKnown(f) {
				t.Errorf("%s: what the last poll brought is not known", write)
			}
		})
	}
}

// grouped is a database whose answers are in a group.
type grouped struct {
	*database
	groups string
}

// Do implements Origin.
func (g grouped) Do(ctx context.Context, req *origin.Request) (*origin.Response, error) {
	resp, err := g.database.Do(ctx, req)
	if err == nil {
		resp.Header = append(resp.Header, origin.Field{Name: "Cache-Groups", Value: g.groups})
	}
	return resp, err
}

func TestSubscribersSeeAWriteToTheirGroupARoundTripLater(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		d := slowDatabase(r)
		r.other = grouped{d, `"scores", "all"`}
		f := r.subscribe("/x")
		defer leave(f)
		time.Sleep(time.Second)
		for range 5 {
			d.value.Add(1)
			r.feeds.Written(groupWrite("scores", "all"))
			time.Sleep(301 * time.Millisecond)
			if got, want := valueOf(f.Latest().Update), d.value.Load(); got != want {
				t.Errorf("after write %d they see %d", want, got)
			}
		}
		if n := d.polls.Load(); n != 6 {
			t.Errorf("%d polls", n)
		}
	})
}

// A write to a group cannot have the origin polled at any rate either.
func TestAStormOfWritesToGroupsIsBound(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		r.origin.says(200, "v1", "Cache-Groups", `"a", "b", "c"`)
		var held []*Feed
		for i := range 30 {
			held = append(held, r.subscribe(fmt.Sprint("/", i)))
		}
		time.Sleep(time.Second)
		before := r.origin.count()
		for i := range 100 {
			r.feeds.Written(groupWrite([]string{"a", "b", "c"}[i%3]))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Millisecond)
		if n := r.origin.count() - before; n < writeBurst || n > writeBurst+10 {
			t.Errorf("%d polls", n)
		}
		for _, f := range held {
			leave(f)
		}
	})
}

func TestWhatIsKeptOfGroupsIsBound(t *testing.T) {
	inBubbleWith(t, Limits{Feeds: 3}, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response {
			var names []string
			for i := range 2000 {
				names = append(names, fmt.Sprintf("%q", fmt.Sprint(p.n, " ", i)))
			}
			return response(200, "v1", "Cache-Groups", strings.Join(names, ", "))
		})
		for i := range 20 { // most of them are evicted
			r.get(fmt.Sprint("/", i))
		}
		if n := len(r.feeds.groups.members); n != 3*64 {
			t.Errorf("%d groups of %d feeds", n, r.feeds.Len())
		}
		if n := r.meter.limits.Load(); n != 20 {
			t.Errorf("%d answers were cut", n)
		}
		for i := range 10 * maxRecent {
			r.feeds.Written(groupWrite(fmt.Sprint("written ", i)))
		}
		if g := &r.feeds.groups; len(g.recent) > maxRecent || len(g.older) > maxRecent {
			t.Errorf("%d and %d writes", len(g.recent), len(g.older))
		}
	})
}

// What is forgotten may have been a write to any group.
func TestAWriteToAGroupCountsThoughManyFollow(t *testing.T) {
	for _, c := range []struct {
		first  string
		others int
		polls  int64
	}{{"none", 0, 1}, {"none", maxRecent, 1}, {"mine", 0, 2}, {"mine", maxRecent, 2}, {"mine", 3 * maxRecent, 2}, {"none", 2 * maxRecent, 2}} {
		inBubble(t, func(t *testing.T, r *rig) {
			d := slowDatabase(r)
			r.other = grouped{d, `"mine"`}
			f := r.acquire("/x")
			defer f.Release()
			var client sync.WaitGroup
			client.Go(func() { get(f, KeepNone) })
			time.Sleep(100 * time.Millisecond)
			r.feeds.Written(groupWrite(c.first))
			for i := range c.others {
				r.feeds.Written(groupWrite(fmt.Sprint("other ", i)))
			}
			client.Wait()
			if n := d.polls.Load(); n != c.polls {
				t.Errorf("%+v: %d polls", c, n)
			}
			time.Sleep(time.Minute)
			before := d.polls.Load()
			r.get("/y")
			if n := d.polls.Load() - before; n != 1 {
				t.Errorf("%d polls for one that began later", n)
			}
		})
	}
}
