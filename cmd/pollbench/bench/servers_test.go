package bench

import (
	"errors"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func TestServersAreKilledAndRevivedAndThatIsJudged(t *testing.T) {
	alone(t)
	r, err := Servers(t.Context(), ServersOptions{
		Servers: 3, Kills: 1, Down: 300 * time.Millisecond, Up: 1500 * time.Millisecond, Pollers: 20, Writers: 2, Say: t.Logf,
	})
	if err != nil || !r.Judge().Good() {
		t.Fatalf("%+v, %v", r, err)
	}
	mentions(t, written(r.Write), "3 servers, 1 kills", "no write came twice", "verdict: good")
}

func TestServersAreJudgedByWhatHappened(t *testing.T) {
	o := ServersOptions{Writers: 1, Kills: 1}
	for claim, r := range map[string]ServersResult{
		"":               {},
		"no poll failed": {failure: errors.New("502")},
		"no write came twice, to whichever server":      {Writes: load.Account{Repeated: 1}},
		"no write was lost that was answered 2xx":       {Writes: load.Account{Lost: 1}},
		"at most the writes under way at a kill failed": {Writes: load.Account{Sent: 200}},
		"whoever was revived was asked again":           {before: []int64{5, 7}, asked: 1},
	} {
		r.Polls = 100
		r.Writes.Good, r.Writes.Arrived, r.Writes.Sent = 100, 100, max(100, r.Writes.Sent)
		r.judge(o)
		for _, p := range r.Verdict {
			if p.Good == (p.Claim == claim) {
				t.Errorf("%q: %+v", claim, p)
			}
		}
	}
}
