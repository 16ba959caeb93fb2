package legacy

import "math/rand/v2"

// pitch plays one pitch. The chances are those of the major leagues, roughly.
func (g *Game) pitch(r *rand.Rand) {
	switch chance := r.IntN(100); {
	case chance < 37:
		g.ball()
	case chance < 54:
		g.strike("Called strike.")
	case chance < 65:
		g.strike("Swing and a miss.")
	case chance < 82:
		g.foul()
	default:
		g.ballInPlay(r)
	}
}

func (g *Game) ball() {
	if g.Balls++; g.Balls < 4 {
		g.LastPlay = "Ball."
		return
	}
	g.LastPlay = g.Batter + " walks."
	g.walk()
	g.nextBatter()
}

// walk moves only the runners that are forced to: in effect it fills the first
// empty base, and with the bases loaded a run scores.
func (g *Game) walk() {
	for base, taken := range g.Bases {
		if !taken {
			g.Bases[base] = true
			return
		}
	}
	g.LastPlay += " A run is forced in."
	g.score(1)
}

func (g *Game) strike(text string) {
	if g.Strikes++; g.Strikes < 3 {
		g.LastPlay = text
		return
	}
	g.LastPlay = g.Batter + " strikes out."
	g.out(1)
}

func (g *Game) foul() {
	g.LastPlay = "Foul ball."
	g.Strikes = min(g.Strikes+1, 2) // a foul is never the third
}

func (g *Game) ballInPlay(r *rand.Rand) {
	switch chance := r.IntN(100); {
	case chance < 34:
		g.groundOut()
	case chance < 67:
		g.flyOut()
	case chance < 88:
		g.hit(1, " singles.")
	case chance < 95:
		g.hit(2, " doubles.")
	case chance < 96:
		g.hit(3, " triples.")
	default:
		g.hit(4, " hits a home run!")
	}
}

func (g *Game) groundOut() {
	if g.Bases[0] && g.Outs < 2 {
		g.LastPlay = g.Batter + " grounds into a double play."
		g.Bases[0] = false
		g.out(2)
		return
	}
	g.LastPlay = g.Batter + " grounds out."
	g.out(1)
}

func (g *Game) flyOut() {
	if g.Bases[2] && g.Outs < 2 {
		g.LastPlay = g.Batter + " hits a sacrifice fly, a run scores."
		g.Bases[2] = false
		g.score(1)
	} else {
		g.LastPlay = g.Batter + " flies out."
	}
	g.out(1)
}

// hit moves the batter and every runner by so many bases, the foremost first.
func (g *Game) hit(bases int, text string) {
	g.LastPlay = g.Batter + text
	g.batting().Hits++
	runs := 0
	for from := len(g.Bases) - 1; from >= -1; from-- { // -1 is the plate
		if from >= 0 && !g.Bases[from] {
			continue
		}
		if from >= 0 {
			g.Bases[from] = false
		}
		if to := from + bases; to < len(g.Bases) {
			g.Bases[to] = true
		} else {
			runs++
		}
	}
	g.score(runs)
	g.nextBatter()
}

// out retires so many players and the batter's turn is over.
func (g *Game) out(players int) {
	if g.Status == Final { // the run before it has ended the game
		return
	}
	if g.Outs += players; g.Outs >= 3 {
		g.endHalf()
		return
	}
	g.nextBatter()
}

func (g *Game) nextBatter() {
	if g.Status == Live {
		g.sendUp()
	}
}
