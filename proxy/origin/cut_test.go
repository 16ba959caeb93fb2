package origin

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestWhoCutsItsAnswersIsLeftOut: the feeds that prefer it would never get one, and there
// are others.
func TestWhoCutsItsAnswersIsLeftOut(t *testing.T) {
	for name, fault := range map[string]legacy.Fault{
		"closes": legacy.CloseMidBody(0), "resets": legacy.ResetMidBody(0), "no last chunk": legacy.NoLastChunk(),
	} {
		t.Run(name, func(t *testing.T) {
			r := newGroupRig(t, 2, nil)
			feed := r.feedOf(0)
			r.servers[0].Break(fault, "/")
			for range maxStrain / weightBroken {
				if body, err := r.ask(r.group.Polls, poll(feed)); err == nil {
					t.Fatalf("got all of %q", body)
				}
			}
			if s := r.group.Standings()[0]; s.State != Ejected || s.Failures != maxStrain/weightBroken {
				t.Errorf("got %+v", s)
			}
			r.wants(r.group.Polls, poll(feed), "b")
			r.set(0, Returning, time.Now())
			if _, err := r.ask(r.group.Polls, poll(feed)); err == nil || r.state(0) != Ejected {
				t.Errorf("its trial: %v, and it is %s", err, r.state(0))
			}
		})
	}
}

// TestWhoHangsInItsAnswersIsLeftOut, if they said how much was to come: what did not may
// be a stream.
func TestWhoHangsInItsAnswersIsLeftOut(t *testing.T) {
	for length, want := range map[int64]State{1: Ejected, lengthChunked: Healthy} {
		r := newGroupRig(t, 2, nil)
		feed := r.feedOf(0)
		r.servers[0].Break(legacy.HangMidBody(0, nil), "/")
		for range maxStrain / weightBroken {
			resp, err := r.group.Polls.Do(soon(t), poll(feed))
			if err != nil {
				t.Fatal(err)
			}
			resp.Length = length
			resp.exchange.judge(ErrTimeout)
			_ = resp.Body.Close()
		}
		if got := r.state(0); got != want {
			t.Errorf("with a length of %d it is %s", length, got)
		}
	}
}

// TestAnAnswerIsAllOfIt: until then a poll says nothing good, either.
func TestAnAnswerIsAllOfIt(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	feed := r.feedOf(0)
	letGo := make(chan struct{})
	r.servers[0].Break(legacy.HangMidBody(0, letGo), "/")
	r.set(0, Returning, time.Now())
	resp, err := r.group.Polls.Do(soon(t), poll(feed))
	if err != nil || resp.From != r.group.servers[0] {
		t.Fatalf("got %+v, %v", resp, err)
	}
	if r.isProven(0) {
		t.Error("the head of an answer is enough")
	}
	r.wants(r.group.Polls, poll(feed), "b") // one trial at a time
	close(letGo)
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "a" {
		t.Fatalf("got %q, %v", body, err)
	}
	if !r.isProven(0) {
		t.Error("an answer is not enough")
	}
}

// TestWhoEndsAPollItselfBlamesNobody: it had enough, gives the answer to a client, or
// gave up.
func TestWhoEndsAPollItselfBlamesNobody(t *testing.T) {
	for name, end := range map[string]func(*Response, context.CancelFunc){
		"closes": func(resp *Response, _ context.CancelFunc) { _ = resp.Body.Close() },
		"hands on": func(resp *Response, _ context.CancelFunc) {
			resp.Detach()
			_ = resp.Body.Close()
		},
		"gives up": func(resp *Response, cancel context.CancelFunc) {
			cancel()
			_, _ = io.ReadAll(resp.Body)
		},
	} {
		r := newGroupRig(t, 2, nil)
		feed := r.feedOf(0)
		r.servers[0].Break(legacy.HangMidBody(0, nil), "/")
		for range 2 * maxStrain {
			ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
			resp, err := r.group.Polls.Do(ctx, poll(feed))
			if err != nil {
				t.Fatal(err)
			}
			end(resp, cancel)
			cancel()
		}
		if s := r.group.Standings()[0]; s.State != Healthy || s.Failures != 0 || s.InFlight != 0 {
			t.Errorf("who polls %s: %+v", name, s)
		}
	}
}

// TestWhatAClientMakesOfAnAnswerSaysNothing: clients choose what they ask for.
func TestWhatAClientMakesOfAnAnswerSaysNothing(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for _, s := range r.servers {
		s.Break(legacy.CloseMidBody(0), "/")
	}
	for range 4 * maxStrain {
		if _, err := r.ask(r.group.Passes, passed()); !errors.Is(err, ErrTruncated) {
			t.Fatalf("got %v", err)
		}
	}
	for i, s := range r.group.Standings() {
		if s.State != Healthy || s.Failures != 0 {
			t.Errorf("server %d: %+v", i, s)
		}
	}
}

func (r *groupRig) isProven(i int) bool {
	r.group.mu.Lock()
	defer r.group.mu.Unlock()
	return !r.group.servers[i].proven.IsZero()
}
