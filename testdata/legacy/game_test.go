package legacy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestGamesFollowTheRules(t *testing.T) {
	games, walkOffs, extraInnings, runs := 0, 0, 0, 0
	legacy.PlayGames(200_000, rand.New(rand.NewPCG(1, 1)), func(before, after legacy.Game) {
		checkCounts(t, after)
		checkProgress(t, before, after)
		if after.Status == legacy.Final {
			games++
			checkResult(t, after)
			runs += after.Home.Runs + after.Away.Runs
			if after.Inning > 9 {
				extraInnings++
			}
			if after.Half == legacy.Bottom && before.Home.Runs < after.Home.Runs {
				walkOffs++
			}
		}
	})
	t.Logf("%d games, %.1f runs each, %d walk-offs, %d in extra innings", games, float64(runs)/float64(games), walkOffs, extraInnings)
	if games < 500 || walkOffs == 0 || extraInnings == 0 {
		t.Error("games do not come to all of their ends")
	}
	if perGame := float64(runs) / float64(games); perGame < 5 || perGame > 13 {
		t.Errorf("%.1f runs in a game is not believable", perGame)
	}
}

func checkCounts(t *testing.T, g legacy.Game) {
	t.Helper()
	within := func(n, least, most int) bool { return least <= n && n <= most }
	if !within(g.Outs, 0, 2) || !within(g.Balls, 0, 3) || !within(g.Strikes, 0, 2) || !within(g.Inning, 1, 40) {
		t.Fatalf("impossible: %+v", g)
	}
	if g.Half != legacy.Top && g.Half != legacy.Bottom || g.Batter == "" || g.LastPlay == "" {
		t.Fatalf("incomplete: %+v", g)
	}
}

func checkProgress(t *testing.T, before, after legacy.Game) {
	t.Helper()
	if after.Changes != before.Changes+1 {
		t.Fatalf("changes went from %d to %d", before.Changes, after.Changes)
	}
	if before.Status == legacy.Final {
		if after.Number != before.Number+1 || after.Status != legacy.Live || after.Home.Runs+after.Away.Runs != 0 {
			t.Fatalf("after the end of a game: %+v", after)
		}
		return
	}
	home, away := after.Home.Runs-before.Home.Runs, after.Away.Runs-before.Away.Runs
	if home < 0 || away < 0 || home+away > 4 || home > 0 && before.Half == legacy.Top || away > 0 && before.Half == legacy.Bottom {
		t.Fatalf("one pitch made %d home and %d away runs in the %s: %s", home, away, before.Half, after.LastPlay)
	}
}

func checkResult(t *testing.T, g legacy.Game) {
	t.Helper()
	homeWins := g.Home.Runs > g.Away.Runs
	if g.Inning < 9 || g.Home.Runs == g.Away.Runs || g.Half == legacy.Top && !homeWins {
		t.Fatalf("this cannot be final: %+v", g)
	}
}
