package logs

import (
	"fmt"
	"time"
)

// surfer goes from page to page. A page loads a few things at once.
type surfer struct {
	who   who
	left  int
	loads []string // what the page still loads
}

func (s *surfer) ask(w *world, l *Line) time.Duration {
	l.Addr, l.Agent, l.Bytes = s.who.addr, s.who.agent, 8000
	if len(s.loads) > 0 {
		l.Target, s.loads = s.loads[0], s.loads[1:]
	} else {
		l.Target, s.loads = w.page()
		s.left--
	}
	if w.IntN(4) == 0 {
		l.Status, l.Bytes = 304, 0
	}
	switch {
	case len(s.loads) > 0:
		return seconds(0.05 + 0.1*w.Float64())
	case s.left <= 0:
		return -1
	}
	return w.thinks(25)
}

// page is a page that people go to, and what it loads.
func (w *world) page() (target string, loads []string) {
	loads = []string{"/static/app.css", "/static/app.js", fmt.Sprintf("/static/img/%d.png", w.IntN(200))}
	switch w.IntN(6) {
	case 0:
		return "/", append(loads, "/api/scores/live")
	case 1:
		return fmt.Sprintf("/teams/%d", 1+w.zipf(400)), loads
	case 2:
		return fmt.Sprintf("/news/2026/03/%02d/%s", 1+w.IntN(28), w.word()), loads
	case 3:
		return "/search?q=" + w.word(), loads[:1]
	case 4:
		return fmt.Sprintf("/leagues/%d", 100+w.zipf(30)), append(loads, fmt.Sprintf("/api/leagues/%d/table", 100+w.zipf(30)))
	}
	return fmt.Sprintf("/players/%s-%s", w.word(), w.word()), loads
}

func (w *world) word() string {
	const syllables = "bakolemirudatonisevuga"
	word := make([]byte, 0, 8)
	for range 2 + w.IntN(3) {
		i := 2 * w.IntN(len(syllables)/2)
		word = append(word, syllables[i:i+2]...)
	}
	return string(word)
}

// reloader presses a key again and again.
type reloader struct {
	who    who
	target string
	left   int
}

func castReloading(w *world) actor {
	r := &reloader{who: w.person(), target: "/", left: w.count(12)}
	if w.IntN(2) == 0 {
		r.target = fmt.Sprintf("/leagues/%d", 100+w.zipf(30))
	}
	return r
}

func (r *reloader) ask(w *world, l *Line) time.Duration {
	l.Addr, l.Agent, l.Target, l.Bytes = r.who.addr, r.who.agent, r.target, 8000
	if r.left--; r.left <= 0 {
		return -1
	}
	return w.thinks(20)
}

// walker asks for something else each time.
type walker struct {
	who    who
	target func(w *world, n int) string
	pace   func(w *world) time.Duration
	status int
	n      int
	left   int
}

func (r *walker) ask(w *world, l *Line) time.Duration {
	l.Addr, l.Agent, l.Target, l.Bytes = r.who.addr, r.who.agent, r.target(w, r.n), 6000
	if r.status != 0 {
		l.Status = r.status
	}
	r.n++
	if r.left--; r.left <= 0 {
		return -1
	}
	return r.pace(w)
}

// everything is what robots find.
func everything(w *world, n int) string {
	if n == 0 {
		return "/robots.txt"
	}
	target, _ := w.page()
	return target
}

func castRobot(w *world) actor {
	names := []string{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Mozilla/5.0 (compatible; AhrefsBot/7.0)", "ExampleSpider/1.0"}
	return &walker{who: who{w.address(), names[w.IntN(len(names))]}, target: everything, pace: func(w *world) time.Duration { return w.thinks(3) }, left: w.count(200)}
}

func castDisguised(w *world) actor {
	every, first := seconds(1+4*w.Float64()), w.IntN(100_000)
	return &walker{who: w.person(), left: w.count(300), pace: func(*world) time.Duration { return every },
		target: func(_ *world, n int) string { return fmt.Sprintf("/teams/%d", first+n) }}
}

func castPaging(w *world) actor {
	league := w.IntN(30)
	return &walker{who: w.person(), left: w.count(60), pace: func(w *world) time.Duration { return seconds(2 + 0.2*w.Float64()) },
		target: func(_ *world, n int) string {
			return fmt.Sprintf("/api/leagues/%d/results?offset=%d", 100+league, 20*n)
		}}
}

func castMonitor(w *world) actor {
	probes := []struct {
		agent, target string
		every         float64
	}{
		{"kube-probe/1.29", "/healthz", 10}, {"ELB-HealthChecker/2.0", "/", 15}, {"Prometheus/2.51.0", "/metrics", 15}, {"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "/", 60},
	}
	p := probes[w.IntN(len(probes))]
	return &walker{who: who{w.address(), p.agent}, left: w.count(1000), pace: func(*world) time.Duration { return seconds(p.every) },
		target: func(*world, int) string { return p.target }}
}

func castScanner(w *world) actor {
	return &walker{who: w.person(), left: w.count(40), status: 404, pace: func(w *world) time.Duration { return seconds(0.2 * w.ExpFloat64()) },
		target: func(w *world, _ int) string { return "/" + w.word() + "/" + w.word() + ".php" }}
}
