package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
)

// The kinds of children.
const (
	Proxy  = "proxy"
	Bare   = "bare"
	Relay  = "relay"
	Stream = "stream"
	Origin = "origin"
	Legacy = "legacy"
	Loop   = "loop"
	Faulty = "faulty"
	Replay = "replay"

	Audience = "audience"
)

// Serves reports whether a kind is measured, and is not part of the load: neither
// an origin nor clients.
func Serves(kind string) bool {
	return kind == Proxy || kind == Bare || kind == Relay || kind == Stream || kind == Loop
}

// ErrKind is a child that there is none of.
var ErrKind = errors.New("no such child")

// Run runs a child until its input ends. options is the kind's own struct, as
// JSON.
func Run(kind, options string, s Standard) error {
	switch kind {
	case Proxy:
		return with(options, s, runProxy)
	case Bare:
		return with(options, s, runBare)
	case Relay:
		return with(options, s, runRelay)
	case Stream:
		return with(options, s, runStream)
	case Origin:
		return with(options, s, runOrigin)
	case Legacy:
		return with(options, s, runLegacy)
	case Loop:
		return with(options, s, runLoop)
	case Faulty:
		return with(options, s, runFaulty)
	case Replay:
		return with(options, s, runReplay)
	case Audience:
		return with(options, s, runAudience)
	}
	return fmt.Errorf("%w: %q", ErrKind, kind)
}

// with decodes the options, opens a listener on a free port, and runs.
func with[Options any](text string, s Standard, run func(Options, net.Listener, Standard) error) error {
	var o Options
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("read the child's options: %w", err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	return run(o, l, s)
}
