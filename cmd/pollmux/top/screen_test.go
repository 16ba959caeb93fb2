package top

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
)

// counting is a source that has counted more each time.
type counting struct {
	seconds atomic.Int64
	broken  atomic.Bool
}

func (c *counting) Stats(context.Context) (ledger.Stats, error) {
	if c.broken.Load() {
		return ledger.Stats{}, errors.New("it does not answer")
	}
	return account(100 + c.seconds.Add(1)), nil
}

// watched is a simulated terminal that somebody looks at.
type watched struct {
	tcell.SimulationScreen
	mu   sync.Mutex
	text string
	over bool
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{SimulationScreen: tcell.NewSimulationScreen("UTF-8")}
	if err := w.Init(); err != nil {
		t.Fatal(err)
	}
	w.SetSize(80, 24)
	return w
}

// Show implements tcell.Screen.
func (w *watched) Show() {
	w.SimulationScreen.Show()
	cells, width, _ := w.GetContents()
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(string(c.Runes))
		if (i+1)%width == 0 {
			b.WriteString("\n")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = b.String()
}

// Fini implements tcell.Screen.
func (w *watched) Fini() {
	w.SimulationScreen.Fini()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

func (w *watched) says() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text
}

func (w *watched) isOver() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

func TestAViewOnATerminal(t *testing.T) {
	source, screen := &counting{}, newWatched(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- show(ctx, screen, source, newModel("http://127.0.0.1:9090", 10*time.Millisecond)) }()
	says := func(what string) {
		t.Helper()
		await.Until(t, "the screen says "+what, func() bool { return strings.Contains(screen.says(), what) })
	}
	says("1034/s")
	says("naïve/日")
	screen.InjectKey(tcell.KeyRune, 'h', 0)
	says("the other way round")
	screen.InjectKey(tcell.KeyEscape, 0, 0)
	says("CLIENTS/s▽")
	screen.InjectKey(tcell.KeyRune, 'P', 0)
	says("ORIGIN/s▽")
	screen.InjectKey(tcell.KeyEnter, 0, 0)
	says("Route seen")
	source.broken.Store(true)
	says("LOST for")
	source.broken.Store(false)
	says("every 10ms")
	screen.InjectKey(tcell.KeyF10, 0, 0)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestATerminalIsGivenBackAtTheEndOfTheContextAndAfterAPanic(t *testing.T) {
	for name, want := range map[string]any{"context": nil, "panic": "boom"} {
		screen := newWatched(t)
		ctx, cancel := context.WithCancel(t.Context())
		m := newModel("x", time.Hour)
		if want != nil {
			m.sort = 1000 // there is no such column
			m.rows = []row{{}}
		}
		cancel()
		func() {
			defer func() {
				if got := recover(); (got != nil) != (want != nil) {
					t.Errorf("%s: %v", name, got)
				}
			}()
			_ = show(ctx, screen, &counting{}, m)
		}()
		if !screen.isOver() {
			t.Errorf("%s: the terminal is not given back", name)
		}
	}
}

func TestReadingsAreFewerWhileTheyFail(t *testing.T) {
	source, failures := &counting{}, 0
	source.broken.Store(true)
	for _, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		event, pause := read(t.Context(), source, 100*time.Millisecond, &failures)
		if f, ok := event.(failed); !ok || pause != want*time.Second || f.err != "it does not answer" {
			t.Errorf("%+v, then %v, want %v", event, pause, want*time.Second)
		}
	}
	source.broken.Store(false)
	if event, pause := read(t.Context(), source, 100*time.Millisecond, &failures); pause != 100*time.Millisecond || failures != 0 {
		t.Errorf("%+v, then %v", event, pause)
	}
	if event, _ := read(t.Context(), panicking{}, time.Second, &failures); event.(failed).err != "the answer could not be read: boom" {
		t.Errorf("%+v", event)
	}
}

type panicking struct{}

// stale is a proxy of which some feeds are.
type stale struct{}

func (stale) Stats(context.Context) (ledger.Stats, error) {
	s := account(100)
	s.StaleFeeds = 3
	return s, nil
}

func (panicking) Stats(context.Context) (ledger.Stats, error) { panic("boom") }

func TestATableForWhatIsNoTerminal(t *testing.T) {
	var b strings.Builder
	if err := Once(t.Context(), &counting{}, time.Millisecond, &b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 8 || !strings.HasPrefix(lines[0], "ROUTE ") || !strings.HasPrefix(lines[1], "scores ") || !strings.Contains(lines[1], " 1000 ") || !strings.HasPrefix(lines[6], "(all) ") || strings.Contains(b.String(), "\x1b") {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	if err := Once(t.Context(), stale{}, time.Millisecond, &b); err != nil || !strings.Contains(b.String(), "\nstale feeds: 3, whose last poll failed; ") {
		t.Errorf("%v\n%s", err, b.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Once(ctx, &counting{}, time.Hour, &b); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
