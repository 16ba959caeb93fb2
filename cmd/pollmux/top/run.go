package top

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
)

// Options are how the view is begun.
type Options struct {
	Address string        // of what is looked at, as it is shown
	Pace    time.Duration // of readings
}

// Run shows a source on the terminal until its user quits or ctx ends, and leaves the
// terminal as it was. It fails at once if there is nothing to see to begin with.
func Run(ctx context.Context, s Source, o Options) error {
	first, err := stats(ctx, s)
	if err != nil {
		return err
	}
	screen, err := tcell.NewScreen()
	if err == nil {
		err = screen.Init()
	}
	if err != nil {
		return fmt.Errorf("this terminal cannot be drawn on (%w): set TERM, or use --once", err)
	}
	m := newModel(o.Address, o.Pace)
	m.now = time.Now()
	m, _ = m.update(reading(first))
	return show(ctx, screen, s, m)
}

// show runs the view on a screen, which it ends. Even a panic leaves the terminal as
// it was, or nobody could read what it says.
func show(ctx context.Context, screen tcell.Screen, s Source, m model) error {
	defer screen.Fini()
	ctx, cancel := context.WithCancel(ctx)
	readings, events, stop := make(chan any), make(chan tcell.Event, 16), make(chan struct{})
	var running sync.WaitGroup
	defer running.Wait()
	defer close(stop)
	defer cancel()
	pace := m.pace
	running.Go(func() { poll(ctx, s, pace, readings) })
	running.Go(func() { screen.ChannelEvents(events, stop) })
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	width, height := screen.Size()
	m, _ = m.update(resized{width, height})
	for quit := false; !quit; {
		paint(screen, m.draw())
		var event any
		select {
		case <-ctx.Done():
			return nil
		case event = <-readings:
		case e, ok := <-events:
			if !ok {
				return nil // the terminal has gone
			}
			if event = eventOf(e); isResize(event) {
				screen.Sync() // what the terminal made of it is not known
			}
		case now := <-clock.C:
			event = tick(now)
		}
		m, quit = m.update(event)
	}
	return nil
}

func isResize(event any) bool {
	_, ok := event.(resized)
	return ok
}
