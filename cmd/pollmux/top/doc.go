// Package top is a live view of a running pollmux for a terminal, in the manner of
// htop.
//
//	Source ─► poller ─► reading ─┐
//	terminal ─► key, size ───────┼─► model.update ─► model.draw ─► grid ─► terminal
//	clock ─► tick ───────────────┘
//
// All that decides is in pure functions: update takes a model and an event to the next
// model, and draw a model to a grid of characters. What touches the terminal is in
// screen.go, and one goroutine, that of Run, owns the model.
//
// # Why tcell
//
// It keeps a grid, and sends to the terminal only what has changed, so nothing
// flickers; it brings three small modules besides golang.org/x, and does nothing until
// it is asked to. Bubble Tea would bring thirteen, one of which has no release; its
// first version, as it is imported, asks the terminal for its colours, which serve must
// not do.
package top
