package legacy

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Scoreboard is the origin of everybody: one JSON object, the same for all,
// that changes with every pitch. It answers GET and HEAD on any path, so it
// can be mounted anywhere, several times.
//
// The object is a Game and "server_time", which differs in every answer
// (unless Options.Validator asks for a strong ETag): it is what a route's
// ignore pointers are for.
type Scoreboard struct {
	*Counter
	options Options

	mu         sync.Mutex // guards what follows
	beat       *beat
	rand       *rand.Rand
	game       Game
	serverTime time.Time // the last one that was told
}

// NewScoreboard returns the scoreboard of a game that begins now. Its usual
// pace is a change every 5 to 10 seconds.
func NewScoreboard(o Options) *Scoreboard {
	o, start := o.filled(Pace{5 * time.Second, 10 * time.Second})
	s := &Scoreboard{
		options: o,
		beat:    newBeat(o.Every, o.random(whenStream), start),
		rand:    o.random(whatStream),
		game:    newGame(1, start),
	}
	s.Counter = o.counted(readOnly(s.show))
	return s
}

// Game returns what the scoreboard shows now.
func (s *Scoreboard) Game() Game {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nowLocked()
}

// Play makes the next pitch happen now, whatever the pace, and returns the
// game after it.
func (s *Scoreboard) Play() Game {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nowLocked()
	s.game.advance(s.rand, s.options.instant())
	return s.game
}

// nowLocked plays the pitches whose time has come. The clock is read under
// the lock so that no request sees an older game than one before it.
func (s *Scoreboard) nowLocked() Game {
	for at := range s.beat.passed(s.options.Clock()) {
		s.game.advance(s.rand, at)
	}
	return s.game
}

func (s *Scoreboard) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	game, serverTime := s.nowLocked(), s.serverTimeLocked()
	s.mu.Unlock()

	rep := asJSON(game, game.UpdatedAt.Time)
	if s.options.Validator&StrongETag == 0 {
		rep.body = withServerTime(rep.stable, serverTime)
	}
	s.options.send(w, r, rep)
}

// serverTimeLocked never says the same twice, however coarse the clock is.
func (s *Scoreboard) serverTimeLocked() time.Time {
	now := s.options.Clock()
	if !now.After(s.serverTime) {
		now = s.serverTime.Add(time.Nanosecond)
	}
	s.serverTime = now
	return now
}

// withServerTime appends a member to a JSON object.
func withServerTime(object []byte, at time.Time) []byte {
	body := append([]byte(nil), object[:len(object)-1]...)
	return at.UTC().AppendFormat(body, `,"server_time":"2006-01-02T15:04:05.000000000Z"}`)
}
