//go:build linux && !goroutines

package fanout

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestTheWheelMeetsEverybodyInTime turns a wheel under slots whose deadlines move,
// at irregular times, and compares with what they say themselves.
func TestTheWheelMeetsEverybodyInTime(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w wheel
		all := make([]*slot, 200)
		now, met := time.Duration(0), 0
		set := func(s *slot) {
			s.beat = now + 1 + time.Duration(r.Int64N(int64(time.Minute)))
			w.put(s, now)
		}
		for i := range all {
			all[i] = &slot{}
			set(all[i])
		}
		for range 3000 {
			if r.IntN(4) == 0 {
				set(all[r.IntN(len(all))]) // later or earlier
			}
			if r.IntN(20) == 0 {
				s := all[r.IntN(len(all))]
				w.take(s)
				s.beat = 0
			}
			now += time.Duration(r.Int64N(int64(100 * time.Millisecond)))
			if r.IntN(500) == 0 {
				now += time.Minute // the process was stopped
			}
			if next := w.next(); next != 0 && next <= now {
				w.turn(now, func(s *slot) {
					if isDue(&s.beat, now) {
						met++
						set(s)
					}
				})
			}
			hung := 0
			for i, s := range all {
				if s.hung {
					hung++
				}
				if s.beat != 0 && now-s.beat > tick {
					t.Fatalf("seed %d: slot %d is %v late", seed, i, now-s.beat)
				}
				if s.beat != 0 && !s.hung {
					t.Fatalf("seed %d: slot %d is not on the wheel", seed, i)
				}
			}
			if hung != w.count {
				t.Fatalf("seed %d: %d slots are on the wheel, which counts %d", seed, hung, w.count)
			}
		}
		if met == 0 {
			t.Errorf("seed %d: nobody was met", seed)
		}
	}
}

func TestAnEmptyWheelStandsStill(t *testing.T) {
	var w wheel
	if next := w.next(); next != 0 {
		t.Errorf("next at %v", next)
	}
	w.turn(1000*time.Hour, func(*slot) { t.Error("somebody was met") })
	s := &slot{over: 1000*time.Hour + time.Second}
	w.put(s, 1000*time.Hour)
	if next := w.next(); next < s.over || next > s.over+tick {
		t.Errorf("next at %v", next)
	}
	w.take(s)
	if next := w.next(); next != 0 {
		t.Errorf("next at %v", next)
	}
}
