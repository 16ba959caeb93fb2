package legacy

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Game is one baseball game as its scoreboard shows it. It follows the rules
// closely enough that a person who knows them believes it: four balls, three
// strikes, three outs, nine innings, more if they are tied, and a walk-off.
type Game struct {
	Number   int     `json:"game"` // 1 for the first of the day
	Status   string  `json:"status"`
	Away     Team    `json:"away"`
	Home     Team    `json:"home"`
	Inning   int     `json:"inning"`
	Half     string  `json:"half"` // top: the away team bats; bottom: the home team
	Outs     int     `json:"outs"`
	Balls    int     `json:"balls"`
	Strikes  int     `json:"strikes"`
	Bases    [3]bool `json:"bases"` // first, second, third: is somebody on it
	Batter   string  `json:"batter"`
	LastPlay string  `json:"last_play"`

	// Changes counts what has happened on this scoreboard, over all games: a
	// client that shows every number missed nothing.
	Changes   int     `json:"changes"`
	UpdatedAt Instant `json:"updated_at"`
}

// Team is one side of a Game.
type Team struct {
	Name string `json:"name"`
	Runs int    `json:"runs"`
	Hits int    `json:"hits"`
	bats int    // how many batters have been up
}

// What Game.Status and Game.Half can be.
const (
	Live   = "live"
	Final  = "final"
	Top    = "top"
	Bottom = "bottom"
)

func newGame(number int, at time.Time) Game {
	home, away := teamName(2*number), teamName(2*number+1)
	g := Game{
		Number: number, Status: Live, Inning: 1, Half: Top, UpdatedAt: Instant{at},
		Home: Team{Name: home}, Away: Team{Name: away},
		LastPlay: fmt.Sprintf("%s at %s: play ball!", away, home),
	}
	g.sendUp()
	return g
}

// advance makes the one next thing happen: a pitch, or after the last one the
// next game.
func (g *Game) advance(r *rand.Rand, at time.Time) {
	changes := g.Changes + 1
	if g.Status == Final {
		*g = newGame(g.Number+1, at)
	} else {
		g.pitch(r)
	}
	g.Changes, g.UpdatedAt = changes, Instant{at}
}

// batting is the team that is up.
func (g *Game) batting() *Team {
	if g.Half == Top {
		return &g.Away
	}
	return &g.Home
}

// sendUp brings the next batter with a fresh count.
func (g *Game) sendUp() {
	team := g.batting()
	g.Balls, g.Strikes, g.Batter = 0, 0, batterName(g.Half, team.bats)
	team.bats++
}

func (g *Game) score(runs int) {
	g.batting().Runs += runs
	if g.Half == Bottom && g.Inning >= 9 && g.Home.Runs > g.Away.Runs {
		g.finish() // a walk-off: nobody needs the remaining outs
	}
}

// endHalf changes sides after the third out.
func (g *Game) endHalf() {
	g.Outs, g.Bases = 0, [3]bool{}
	decided := g.Half == Top && g.Home.Runs > g.Away.Runs || g.Half == Bottom && g.Home.Runs != g.Away.Runs
	switch {
	case g.Inning >= 9 && decided:
		g.finish()
		return
	case g.Half == Top:
		g.Half = Bottom
	default:
		g.Inning, g.Half = g.Inning+1, Top
	}
	g.sendUp()
}

func (g *Game) finish() {
	g.Status, g.Balls, g.Strikes = Final, 0, 0
	g.LastPlay += fmt.Sprintf(" Final: %s %d, %s %d.", g.Away.Name, g.Away.Runs, g.Home.Name, g.Home.Runs)
}

func teamName(n int) string {
	teams := [...]string{"Herons", "Millers", "Lanterns", "Badgers", "Tides", "Foundry", "Comets", "Orchards"}
	return teams[n%len(teams)]
}

// batterName is the lineup: nine of each side, over and over.
func batterName(half string, up int) string {
	away := [...]string{"Okafor", "Lindqvist", "Reyes", "Tanaka", "Moreau", "Castellano", "Brandt", "Whitlock", "Sato"}
	home := [...]string{"Delgado", "Kowalski", "Nakamura", "Fairweather", "Ibarra", "Thorne", "Petrov", "Osei", "Marsh"}
	if half == Top {
		return away[up%len(away)]
	}
	return home[up%len(home)]
}
