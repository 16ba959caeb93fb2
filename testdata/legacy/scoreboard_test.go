package legacy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

type scores struct {
	legacy.Game
	ServerTime string `json:"server_time"`
}

func TestScoreboardTellsEverybodyTheSame(t *testing.T) {
	clock := newHandClock()
	board := legacy.NewScoreboard(legacy.Options{Clock: clock.Now})
	origin := serve(t, board)
	clock.Advance(time.Minute)
	first := decode[scores](t, origin.get("/api/scores"))
	second := decode[scores](t, origin.get("/api/scores", "Authorization: Bearer ana"))
	if first.Game != second.Game || first.Changes < 6 || first.Changes > 12 {
		t.Errorf("a minute on, the one hears of %+v, the other of %+v", first.Game, second.Game)
	}
	if first.ServerTime == second.ServerTime {
		t.Errorf("server_time is %s twice", first.ServerTime)
	}
	if first.Game.UpdatedAt != board.Game().UpdatedAt {
		t.Errorf("updated_at is %v on the wire, %v in memory", first.UpdatedAt, board.Game().UpdatedAt)
	}
}

func TestScoreboardChangesAtItsPaceAlone(t *testing.T) {
	clock := newHandClock()
	board := legacy.NewScoreboard(legacy.Options{Clock: clock.Now})
	last := board.Game()
	for range 1000 {
		clock.Advance(100 * time.Millisecond)
		game := board.Game()
		if game == last {
			continue
		}
		if late := clock.Now().Sub(game.UpdatedAt.Time); late < 0 || late >= 100*time.Millisecond {
			t.Fatalf("a change is dated %v ago", late)
		}
		if gap := game.UpdatedAt.Sub(last.UpdatedAt.Time); gap < 5*time.Second || gap > 10*time.Second {
			t.Fatalf("%v between two changes", gap)
		}
		last = game
	}
	if last.Changes < 10 {
		t.Errorf("%d changes in 100s", last.Changes)
	}
}

func TestScoreboardWithTheSameSeedPlaysTheSameGame(t *testing.T) {
	clock := newHandClock()
	one, other := legacy.NewScoreboard(legacy.Options{Clock: clock.Now, Seed: 3}), legacy.NewScoreboard(legacy.Options{Clock: clock.Now, Seed: 3})
	clock.Advance(10 * time.Minute)
	one.Game()
	clock.Advance(10 * time.Minute)
	if one.Game() != other.Game() {
		t.Errorf("%+v and %+v", one.Game(), other.Game())
	}
}

func TestScoreboardPlaysWhenTold(t *testing.T) {
	clock := newHandClock()
	board := legacy.NewScoreboard(legacy.Options{Clock: clock.Now, Every: legacy.Never()})
	clock.Advance(time.Hour)
	if game := board.Game(); game.Changes != 0 {
		t.Fatalf("%d changes by itself", game.Changes)
	}
	if game := board.Play(); game.Changes != 1 || !game.UpdatedAt.Equal(clock.Now()) {
		t.Errorf("after one pitch: %+v", game)
	}
}

func TestScoreboardShowsItsTimesWithMilliseconds(t *testing.T) {
	origin := serve(t, legacy.NewScoreboard(legacy.Options{Clock: newHandClock().Now}))
	body := origin.get("/").body
	if !strings.Contains(body, `"updated_at":"2026-07-04T19:05:00.000Z"`) {
		t.Errorf("no updated_at to the millisecond in %s", body)
	}
}

func TestScoreboardIsReadOnly(t *testing.T) {
	origin := serve(t, legacy.NewScoreboard(legacy.Options{}))
	reply := origin.do("POST", "/api/scores", "{}")
	wantStatus(t, reply, http.StatusMethodNotAllowed)
	if reply.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow: %s", reply.Header.Get("Allow"))
	}
	head := origin.do("HEAD", "/api/scores", "")
	if head.StatusCode != http.StatusOK || head.ContentLength <= 0 || head.body != "" {
		t.Errorf("HEAD: %d, length %d, body %q", head.StatusCode, head.ContentLength, head.body)
	}
}

func TestLatencyDelaysEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := legacy.NewScoreboard(legacy.Options{Latency: 300 * time.Millisecond})
		start := time.Now()
		board.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestScoreboardInABubbleNeedsNoClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := legacy.NewScoreboard(legacy.Options{})
		time.Sleep(time.Minute)
		if changes := board.Game().Changes; changes < 6 || changes > 12 {
			t.Errorf("%d changes in a minute", changes)
		}
	})
}
