package upgrade_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// waiting is a long poll of a client that has what its source says.
func waiting(source *fake, c *counter) *upgrade.LongPoll {
	return upgrade.NewLongPoll(source, upgrade.LongPollOptions{
		Have: source.Latest().Update, Delivered: c.delivered, Answer: upgrade.Answer{Held: 30 * time.Second, Via: "1.1 pollmux"},
	})
}

// answered reads the answer of a session.
func answered(t *testing.T, b []byte) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
	if err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestALongPollWaitsForAnotherVersion(t *testing.T) {
	source, c := newFake("1"), &counter{}
	p := waiting(source, c)
	for range 3 {
		frame, changed, last := p.Next()
		if frame != nil || last || changed == nil {
			t.Fatalf("%q %v %v", frame, changed, last)
		}
		source.stale("the origin cannot be reached")
		<-changed
		source.live()
	}
	source.publish(json("2"))
	said, last := told(p)
	resp, body := answered(t, said)
	if !last || resp.StatusCode != 200 || body != "2" || resp.Header.Get("Preference-Applied") != "wait=30" {
		t.Errorf("%v %v %q", last, resp, body)
	}
	if got := c.all(); len(got) != 1 || got[0] != 2 {
		t.Errorf("delivered: %v", got)
	}
}

// A client that has the first of two equal versions missed the one in between.
func TestALongPollIsToldOfAVersionThatLooksTheSame(t *testing.T) {
	source := newFake("1")
	p := waiting(source, &counter{})
	source.publish(json("2"))
	source.publish(json("1"))
	if resp, body := answered(t, first(told(p))); resp.StatusCode != 200 || body != "1" {
		t.Errorf("%v %q", resp, body)
	}
}

func TestALongPollIsToldThatTheResourceIsGone(t *testing.T) {
	for _, status := range []int{204, 404, 410} {
		source := newFake("1")
		p := waiting(source, &counter{})
		source.publish(content(status, "", ""))
		if resp, _ := answered(t, first(told(p))); resp.StatusCode != status {
			t.Errorf("%d: %v", status, resp)
		}
	}
}

func TestTheEndOfAWaitIsA304AsOldAsTheLastRenewal(t *testing.T) {
	c := &counter{}
	for name, end := range map[string]func(*upgrade.LongPoll) []byte{
		"expired": (*upgrade.LongPoll).Expire, "draining": (*upgrade.LongPoll).Leave,
	} {
		source := newFake("1")
		p := waiting(source, c)
		u := source.Latest().Update
		source.say(upgrade.State{Update: u.Renewed("", "Fri, 01 Mar 2024 00:00:00 GMT", someTime, time.Now(), 9*time.Second)})
		resp, body := answered(t, end(p))
		p.Sent()
		if resp.StatusCode != 304 || body != "" || resp.Header.Get("ETag") != u.ETag || resp.Header.Get("Age") != "9" || resp.Header.Get("Date") != "Fri, 01 Mar 2024 00:00:00 GMT" {
			t.Errorf("%s: %v", name, resp)
		}
		if resp.Close != (name == "draining") {
			t.Errorf("%s: closing %v", name, resp.Close)
		}
	}
	if got := c.all(); got != nil {
		t.Errorf("delivered: %v", got)
	}
}

// The wait ends at the moment at which there is something new: it is delivered,
// and accounted for.
func TestAVersionAtTheEndOfAWaitIsDelivered(t *testing.T) {
	for name, end := range map[string]func(*upgrade.LongPoll) []byte{
		"expired": (*upgrade.LongPoll).Expire, "draining": (*upgrade.LongPoll).Leave,
	} {
		source, c := newFake("1"), &counter{}
		p := waiting(source, c)
		source.publish(json("2"))
		resp, body := answered(t, end(p))
		p.Sent()
		if resp.StatusCode != 200 || body != "2" || len(c.all()) != 1 {
			t.Errorf("%s: %v %q, delivered %v", name, resp, body, c.all())
		}
	}
}

func TestASourceThatEndsAnswersItsLongPolls(t *testing.T) {
	for _, test := range []struct {
		why  error
		want int // with a version that the client has not seen
	}{{upgrade.ErrRevoked, 304}, {upgrade.ErrMoved, 304}, {upgrade.ErrClosed, 200}, {errors.New("other"), 304}} {
		source := newFake("1")
		p := waiting(source, &counter{})
		source.end(test.why)
		said, last := told(p)
		if resp, _ := answered(t, said); !last || resp.StatusCode != 304 {
			t.Errorf("%v: %v %v", test.why, last, resp)
		}
		// What another may see, this one may not.
		source = newFake("1")
		p = waiting(source, &counter{})
		had := source.Latest().Update
		source.publish(json("2"))
		source.end(test.why)
		said, last = told(p)
		resp, _ := answered(t, said)
		if !last || resp.StatusCode != test.want || test.want == 304 && resp.Header.Get("ETag") != had.ETag {
			t.Errorf("%v with another version: %v %v", test.why, last, resp)
		}
	}
}

func TestAnAnswerIsMadeOnceForAllWhoWaitTheSameWay(t *testing.T) {
	source := newFake("1")
	options := upgrade.LongPollOptions{Have: source.Latest().Update, Delivered: func(*upgrade.Update) {}}
	answer := func(change func(*upgrade.LongPollOptions)) []byte {
		o := options
		change(&o)
		frame, _, _ := upgrade.NewLongPoll(source, o).Next()
		return frame
	}
	u := source.publish(json("2"))
	a, b := answer(func(*upgrade.LongPollOptions) {}), answer(func(*upgrade.LongPollOptions) {})
	if &a[0] != &b[0] {
		t.Error("it was made twice")
	}
	seen := map[string]bool{string(a): true}
	for name, change := range map[string]func(*upgrade.LongPollOptions){
		"closing": func(o *upgrade.LongPollOptions) { o.Closing = true },
		"held":    func(o *upgrade.LongPollOptions) { o.Answer.Held = time.Second },
		"held 2":  func(o *upgrade.LongPollOptions) { o.Answer.Held = 2 * time.Second },
		"status":  func(o *upgrade.LongPollOptions) { o.Answer.CacheStatus = "pollmux; hit" },
		"via":     func(o *upgrade.LongPollOptions) { o.Answer.Via = "1.1 pollmux" },
	} {
		if c := string(answer(change)); seen[c] {
			t.Errorf("%s: another's answer\n%s", name, c)
		} else {
			seen[c] = true
		}
	}
	if n := u.Answers(); n > 4 {
		t.Errorf("%d answers are kept", n)
	}
}

func TestWhatAClientSendsWhileItWaitsBelongsToItsNextRequest(t *testing.T) {
	source := newFake("1")
	p := waiting(source, &counter{})
	for _, piece := range []string{"GET / HT", "TP/1.1\r\n"} {
		if v, work := p.Heard([]byte(piece)); v != fanout.Spoken || work != nil {
			t.Errorf("%q: verdict %d", piece, v)
		}
	}
	if got := string(p.Early()); got != "GET / HTTP/1.1\r\n" {
		t.Errorf("%q", got)
	}
}

// Whoever waits for times that nobody else does must not make the answers of all
// others copies of their own.
func TestALargeBodyIsNotCopiedForEveryTimeThatIsWaited(t *testing.T) {
	for name, rest := range map[string]func(*upgrade.LongPoll) []byte{
		"next":   func(p *upgrade.LongPoll) []byte { b, _, _ := p.Next(); return b },
		"expire": func(p *upgrade.LongPoll) []byte { return p.Expire() },
		"leave":  func(p *upgrade.LongPoll) []byte { return p.Leave() },
	} {
		t.Run(name, func(t *testing.T) {
			source := newFake("1")
			first := source.Latest().Update
			var c counter
			var polls []*upgrade.LongPoll
			for i := range 20 {
				polls = append(polls, upgrade.NewLongPoll(source, upgrade.LongPollOptions{
					Have: first, Delivered: c.delivered, Answer: upgrade.Answer{Held: time.Duration(i+1) * time.Second},
				}))
			}
			u := source.publish(json(`"` + strings.Repeat("x", 100_000) + `"`))
			copies := 0
			for i, p := range polls {
				frame, _, last := p.Next()
				p.Sent()
				if !last {
					if n := len(c.all()); n != i {
						t.Fatalf("%d: %d were delivered after the head", i, n)
					}
					body := rest(p)
					p.Sent()
					if &body[0] != &u.Body[0] {
						copies++
					}
					frame = append(frame, body...)
				} else {
					copies++
				}
				r := readResponse(t, bufio.NewReader(bytes.NewReader(frame)), "GET")
				if r.body != string(u.Body) || r.header.Get("Preference-Applied") != fmt.Sprintf("wait=%d", i+1) {
					t.Errorf("%d: %d bytes, %v", i, len(r.body), r.header)
				}
				if n := len(c.all()); n != i+1 {
					t.Errorf("%d: %d were delivered", i, n)
				}
			}
			if copies > 4 {
				t.Errorf("%d copies", copies)
			}
		})
	}
}
