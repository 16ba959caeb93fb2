package logs

import (
	"fmt"
	"time"
)

// poller polls one URL at a pace.
type poller struct {
	who    who
	target func(w *world) string
	status func(w *world) int
	method string
	every  time.Duration
	jitter float64 // part of the pace by which one is early or late
	left   int
	hides  float64 // how often nobody looks any more
	roams  float64 // how often its address changes
	grows  float64 // by how much the pace slows down each time
	most   time.Duration
	held   bool
	bytes  int
}

// board is something that many poll, and how often.
type board struct {
	target string
	every  float64
}

// boards are what there is to poll.
func (w *world) board() board {
	switch w.IntN(10) {
	case 0, 1, 2, 3:
		return board{"/api/scores/live", 5}
	case 4, 5, 6:
		return board{fmt.Sprintf("/api/leagues/%d/table", 100+w.zipf(30)), 10}
	case 7:
		return board{fmt.Sprintf("/api/odds?event=%d&market=main", 7000+w.zipf(40)), 2}
	case 8:
		return board{"/dashboard/tiles.json", 30}
	}
	return board{"/", 60} // a page that reloads itself
}

func (w *world) poller(jitter float64, left int) *poller {
	b := w.board()
	return &poller{who: w.person(), target: func(*world) string { return b.target }, every: seconds(b.every), jitter: jitter, left: left, bytes: 900}
}

func (p *poller) ask(w *world, l *Line) time.Duration {
	l.Addr, l.Agent, l.Target, l.Bytes = p.who.addr, p.who.agent, p.target(w), p.bytes
	if p.method != "" {
		l.Method = p.method
	}
	if p.status != nil {
		l.Status = p.status(w)
	} else if w.IntN(3) == 0 {
		l.Status, l.Bytes = 304, 0
	}
	if p.held {
		l.Took = News(l.At) - l.At
	}
	if p.left--; p.left <= 0 {
		return -1
	}
	return p.pause(w, l)
}

// pause is until the next poll.
func (p *poller) pause(w *world, l *Line) time.Duration {
	if p.roams > w.Float64() {
		p.who.addr = w.address()
	}
	if p.hides > w.Float64() {
		return w.thinks(120)
	}
	if p.held {
		return l.Took + seconds(0.1)
	}
	every := p.every
	if p.grows > 0 {
		p.every = min(time.Duration(float64(p.every)*p.grows), p.most)
	}
	return time.Duration(float64(every) * (1 + p.jitter*(2*w.Float64()-1)))
}

func castBackoff(w *world) actor {
	p := w.poller(0.1, 8+w.IntN(12))
	p.every, p.grows, p.most = time.Second, 2, 2*time.Minute
	return p
}

func castSlow(w *world) actor {
	p := w.poller(0.05, 4+w.IntN(3))
	p.target, p.every = func(*world) string { return "/api/weather/today" }, 5*time.Minute
	return p
}

func castBusted(w *world) actor {
	p := w.poller(0.1, w.count(80))
	switch w.IntN(3) {
	case 0:
		p.every, p.target = 3*time.Second, func(w *world) string { return fmt.Sprintf("/api/ticker?_=%d", Epoch().Add(w.now).UnixMilli()) }
	case 1:
		p.every, p.target = 2*time.Second, func(w *world) string { return fmt.Sprintf("/camera/front.jpg?rnd=%.16f", w.Float64()) }
	default:
		p.every, p.target = 15*time.Second, func(w *world) string { return fmt.Sprintf("/status.json?t=%d", Epoch().Add(w.now).Unix()) }
	}
	p.status = func(*world) int { return 200 }
	return p
}

func castCursor(w *world) actor {
	p := w.poller(0.1, w.count(90))
	room := w.zipf(8)
	p.every, p.target = 3*time.Second, func(w *world) string {
		return fmt.Sprintf("/api/chat/room%d/messages?since=%d", room, 500_000+int64(w.now/(7*time.Second)))
	}
	return p
}

func castOwn(w *world) actor {
	p := w.poller(0.05, w.count(30))
	id := w.people + 10_000
	p.every, p.target = time.Minute, func(*world) string { return fmt.Sprintf("/api/users/%d/notifications", id) }
	return p
}

func castHeld(w *world) actor {
	p := w.poller(0, w.count(30))
	p.target, p.held = func(*world) string { return Waiting + "?timeout=25" }, true
	return p
}

// castShared returns one of several clients that look like one, and has the others
// come as well.
func castShared(w *world) actor {
	p := w.poller(0.03, w.count(70))
	for range 1 + w.IntN(3) {
		another := *p
		w.push(w.now+time.Duration(w.Float64()*float64(p.every)), Shared, &another)
	}
	return p
}

func castPosting(w *world) actor {
	p := w.poller(0.05, w.count(40))
	p.every, p.method, p.target = 5*time.Second, "POST", func(*world) string { return "/api/queue/position" }
	p.status = func(*world) int { return 200 }
	return p
}

// Waiting is the path of the long polls.
const Waiting = "/api/events/wait"

// News is when those who wait at that moment are told something, counted from the
// beginning as well: now and then, all at once.
func News(at time.Duration) time.Duration {
	const block = 13 * time.Second
	for k := uint64(at / block); ; k++ {
		offset := (k*0x9e3779b97f4a7c15>>20)%12000 + 500
		if news := time.Duration(k)*block + time.Duration(offset)*time.Millisecond; news > at {
			return news
		}
	}
}
