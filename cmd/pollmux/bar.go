package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/pollmux/pollmux/proxy/accesslog"
)

// bar is a line on a terminal that tells how far an analysis is. Elsewhere it is
// silent.
type bar struct {
	w     io.Writer
	meter *accesslog.Meter
	total int64 // bytes; 0 or less: nobody knows
	live  bool  // w is a terminal
	began time.Time

	mu   sync.Mutex // held to write
	done chan struct{}
	over sync.WaitGroup
}

// barPace is how often it is drawn.
const barPace = 200 * time.Millisecond

// startBar begins to draw. The caller must stop it.
func startBar(w io.Writer, m *accesslog.Meter, logs []accesslog.Input) *bar {
	b := &bar{w: w, meter: m, began: time.Now(), done: make(chan struct{})}
	for _, in := range logs {
		if in.Size == 0 && in.Once {
			b.total = -1 << 62
		}
		b.total += in.Size
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.live = true
		b.over.Go(b.run)
	}
	return b
}

// wipe takes the bar off a terminal.
const wipe = "\r\x1b[K"

func (b *bar) run() {
	tick := time.NewTicker(barPace)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			bytes, lines := b.meter.Read()
			b.write(wipe + barText(bytes, b.total, lines, time.Since(b.began)))
		case <-b.done:
			b.write(wipe)
			return
		}
	}
}

func (b *bar) write(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = io.WriteString(b.w, text)
}

// say writes a line of its own.
func (b *bar) say(format string, args ...any) {
	text := fmt.Sprintf("pollmux: "+format+"\n", args...)
	if b.live {
		text = wipe + text
	}
	b.write(text)
}

// stop takes the bar away.
func (b *bar) stop() {
	close(b.done)
	b.over.Wait()
}

// barText is what the bar says. Without a total it has no end.
func barText(bytes, total, lines int64, since time.Duration) string {
	rate := float64(bytes) / max(since.Seconds(), 0.001)
	text := fmt.Sprintf("%.1f M lines, %.0f MB/s", float64(lines)/1e6, rate/1e6)
	if total <= 0 {
		return fmt.Sprintf("%.1f GB, %s", float64(bytes)/1e9, text)
	}
	const width = 24
	part := min(float64(bytes)/float64(total), 1)
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(total-min(bytes, total)) / rate * float64(time.Second)).Round(time.Second).String()
	}
	full := int(part * width)
	return fmt.Sprintf("[%s%s] %3.0f%%, %s, %s left", strings.Repeat("#", full), strings.Repeat(".", width-full), part*100, text, left)
}
