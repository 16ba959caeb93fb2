package fanout_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// storm is an engine that everything happens to at once: sources that change, and
// clients that come, speak, tarry and leave in every way, on descriptors that are
// used again at once. What each client sees is compared with what it may.
type storm struct {
	t      *testing.T
	engine *fanout.Engine
	boards []*board
	addr   string
	over   chan struct{} // closed when no more clients come

	next  atomic.Int64 // client
	mu    sync.Mutex
	all   map[int64]*stormy
	group sync.WaitGroup // of connections that are served
}

// stormy is the session of one of its clients, for which lines are work.
type stormy struct {
	storm *storm
	id    int64
	board int
	pad   string // of each frame

	busy atomic.Bool // a method is called
	have int
	said string

	mu    sync.Mutex
	lines []string
	ends  int
}

func (s *stormy) isGivenBack() bool        { return s.id%3 == 0 }
func (s *stormy) isClosedBySomebody() bool { return s.id%5 == 0 }

// alone sees to that methods are called one at a time.
func (s *stormy) alone() (done func()) {
	if !s.busy.CompareAndSwap(false, true) {
		s.storm.t.Error("two methods are called at once")
	}
	return func() { s.busy.Store(false) }
}

func (s *stormy) Next() ([]byte, <-chan struct{}, bool) {
	defer s.alone()()
	version, changed := s.storm.boards[s.board].latest()
	if version == s.have {
		return nil, changed, false
	}
	s.have = version
	return fmt.Appendf(nil, "%d %d %d %s\n", s.id, s.board, version, s.pad), nil, false
}

func (s *stormy) Sent() { defer s.alone()() }

func (s *stormy) Beat() ([]byte, bool) {
	defer s.alone()()
	return fmt.Appendf(nil, "%d beat\n", s.id), false
}

func (s *stormy) Expire() []byte {
	defer s.alone()()
	return fmt.Appendf(nil, "%d expired\n", s.id)
}

func (s *stormy) Leave() []byte { return s.Expire() }

func (s *stormy) Heard(p []byte) (fanout.Verdict, func()) {
	defer s.alone()()
	line, rest, whole := strings.Cut(s.said+string(p), "\n")
	if s.said = line; !whole {
		return fanout.Listening, nil
	}
	s.said = rest
	if line == "stop" {
		return fanout.Spoken, nil
	}
	return fanout.Listening, func() {
		if rand.N(4) == 0 {
			time.Sleep(rand.N(3 * time.Millisecond))
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, line)
	}
}

// serve holds each connection that comes, again and again if it may be.
func (x *storm) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		var hello [16]byte // id, board, kind
		if _, err := io.ReadFull(c, hello[:]); err != nil {
			_ = c.Close()
			continue
		}
		var id int64
		var board, size int
		_, _ = fmt.Sscanf(string(hello[:]), "%7d %1d %4d\n", &id, &board, &size)
		s := &stormy{storm: x, id: id, board: board, pad: strings.Repeat("x", size*100)}
		x.mu.Lock()
		x.all[id] = s
		x.mu.Unlock()
		x.group.Add(1)
		x.hold(c, s, 3)
	}
}

func (x *storm) hold(c net.Conn, s *stormy, times int) {
	terms := fanout.Terms{Linger: 2 * time.Second, Beat: 20 * time.Millisecond, Steady: s.id%2 == 0, Stall: await.Patience}
	if s.isGivenBack() {
		terms.Linger, terms.Hold = 0, 1+rand.N(100*time.Millisecond)
	}
	held := x.engine.Hold(c, s, terms, func(end fanout.End) {
		if end == fanout.Done && terms.Linger == 0 && times > 0 {
			go x.hold(c, s, times-1) // as one that is given back is
			return
		}
		s.mu.Lock()
		s.ends++
		s.mu.Unlock()
		_ = c.Close()
		x.group.Done()
	})
	for range rand.N(3) {
		held.Wake()
	}
	if s.isClosedBySomebody() { // and its descriptor is another's at once
		time.AfterFunc(rand.N(50*time.Millisecond), func() { _ = c.Close() })
	}
}

// visit is one client's visit.
func (x *storm) visit() {
	id, board, size := x.next.Add(1), rand.N(len(x.boards)), 0
	if rand.N(10) == 0 && id%5 != 0 { // that somebody has closed it is noticed by writing
		size = rand.N(3000)
	}
	c, err := net.Dial("tcp", x.addr)
	if err != nil {
		x.t.Error(err)
		return
	}
	_, _ = fmt.Fprintf(c, "%07d %d %04d\n ", id, board, size)
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	read := make(chan struct{})
	go func() {
		defer close(read)
		x.read(c, id, board, rand.N(8) == 0)
	}()
	said := x.speak(c, id)
	switch rand.N(4) {
	case 0:
		_ = c.Close() // with what it has not read: a reset
	case 1:
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	default:
		_ = c.(*net.TCPConn).CloseWrite()
		<-read
		_ = c.Close()
	}
	<-read
	x.compare(id, said)
}

// read reads what comes: whole lines that are meant for this client, of versions that
// go up.
func (x *storm) read(c net.Conn, id int64, board int, slowly bool) {
	have := 0
	for br := bufio.NewReaderSize(c, 512); ; {
		if slowly {
			time.Sleep(rand.N(2 * time.Millisecond))
		}
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		var from int64
		var what string
		if _, err := fmt.Sscanf(line, "%d %s", &from, &what); err != nil || from != id {
			x.t.Errorf("client %d read %.50q", id, line)
		}
		var version int
		if n, _ := fmt.Sscanf(line, fmt.Sprintf("%d %d %%d", id, board), &version); n == 1 {
			if version <= have {
				x.t.Errorf("client %d: version %d after %d", id, version, have)
			}
			have = version
		} else if what != "beat" && what != "expired" {
			x.t.Errorf("client %d read %.50q", id, line)
		}
	}
}

// speak says some lines, in one segment or in many.
func (x *storm) speak(c net.Conn, id int64) (said []string) {
	var text strings.Builder
	for n := range rand.N(20) {
		said = append(said, fmt.Sprint(id, "-", n))
		text.WriteString(said[n] + "\n")
	}
	for rest := text.String(); len(rest) > 0; {
		n := 1 + rand.N(len(rest))
		if _, err := io.WriteString(c, rest[:n]); err != nil {
			return said // it was closed, or given back too often
		}
		if rest = rest[n:]; rand.N(3) == 0 {
			time.Sleep(rand.N(10 * time.Millisecond))
		}
	}
	if rand.N(3) == 0 {
		_, _ = io.WriteString(c, "stop\n")
	}
	return said
}

// compare waits for the end of a visit, at which all that a WebSocket's client has
// said was taken, in order and once.
func (x *storm) compare(id int64, said []string) {
	var s *stormy
	var taken string
	var ends int
	if !eventually(func() bool {
		x.mu.Lock()
		s = x.all[id]
		x.mu.Unlock()
		if s == nil {
			return false
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		taken, ends = strings.Join(s.lines, " "), s.ends
		return ends > 0
	}) {
		x.t.Errorf("client %d is held for ever", id)
		return
	}
	all, lossless := strings.Join(said, " "), !s.isGivenBack() && !s.isClosedBySomebody()
	if ends != 1 || lossless && taken != all || !strings.HasPrefix(all, taken) {
		x.t.Errorf("client %d: %d ends, said %q, taken %q", id, ends, all, taken)
	}
}

func eventually(ok func() bool) bool {
	for end := time.Now().Add(await.Patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

// publish changes a source at its own pace.
func (x *storm) publish(b *board, pause time.Duration) {
	for {
		select {
		case <-x.over:
			return
		case <-time.After(rand.N(pause) + 1):
			b.publish()
		}
	}
}

func TestAStorm(t *testing.T) {
	duration, visitors := 3*time.Second, 100
	if testing.Short() {
		duration = time.Second
	}
	await.Goroutines(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &storm{t: t, engine: newEngine(t), addr: l.Addr().String(), over: make(chan struct{}), all: map[int64]*stormy{}}
	served := make(chan struct{})
	go func() { defer close(served); x.serve(l) }()
	var wait sync.WaitGroup
	for n := range 5 {
		b := newBoard()
		x.boards = append(x.boards, b)
		wait.Go(func() { x.publish(b, time.Millisecond<<(2*n)) })
	}
	// Some stay, and see the last of everything.
	var stay []net.Conn
	for n := range 25 { // with numbers of no peculiarity
		c, err := net.Dial("tcp", x.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(c, "%07d %d %04d\n ", 15*n+1_000_001, n%len(x.boards), 0)
		stay = append(stay, c)
	}
	for range visitors {
		wait.Go(func() {
			for {
				select {
				case <-x.over:
					return
				default:
					x.visit()
				}
			}
		})
	}
	time.Sleep(duration)
	close(x.over)
	wait.Wait()
	for n, c := range stay {
		b := n % len(x.boards)
		version, _ := x.boards[b].latest()
		last := fmt.Sprintf("%d %d %d ", 15*n+1_000_001, b, version)
		_ = c.SetDeadline(time.Now().Add(await.Patience))
		for br := bufio.NewReader(c); ; {
			line, err := br.ReadString('\n')
			if err != nil {
				t.Errorf("never saw %q: %v", last, err)
				break
			}
			if strings.HasPrefix(line, last) {
				break
			}
		}
		_ = c.Close()
	}
	x.group.Wait()
	x.engine.Close()
	_ = l.Close()
	<-served
	t.Logf("%d visits", x.next.Load())
}
