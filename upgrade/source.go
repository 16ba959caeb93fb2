package upgrade

import "errors"

// Source is what a client reads. Latest does not block, and is called
// concurrently.
type Source interface {
	Latest() *State
}

// State is what a source says now. It is immutable.
type State struct {
	// Update is the last good answer, nil before there was one.
	Update *Update

	// Stale says why the source cannot tell whether Update is still true; ""
	// while it can.
	Stale string

	// Ended says why no other state will follow; nil while one may.
	Ended error

	// Changed is closed when another state has taken the place of this one.
	// It is nil once the source has ended.
	Changed <-chan struct{}
}

// Why a source ends.
var (
	// ErrRevoked: the origin does not let this identity in any longer.
	ErrRevoked = errors.New("the origin refuses these credentials")

	// ErrMoved: what the client is to see has to be decided anew; it should
	// connect again.
	ErrMoved = errors.New("the answer depends on more of the request")

	// ErrReloaded: the rules by which the client is served have changed; it should
	// connect again.
	ErrReloaded = errors.New("the configuration has changed")

	// ErrClosed: the process is stopping.
	ErrClosed = errors.New("the proxy is stopping")
)

// IsLive reports whether the state is up to date and holds a snapshot that can
// be delivered. An answer that the resource is not there is none.
func (s *State) IsLive() bool { return s.Reason() == "" && s.Update != nil }

// unseen returns the update if a client that has a version has yet to see it. A
// source that has ended because of who the client is has nothing more for it.
func (s *State) unseen(have uint64) *Update {
	if s.Update == nil || s.Update.Version == have || s.Ended != nil && !errors.Is(s.Ended, ErrClosed) {
		return nil
	}
	return s.Update
}

// Reason says why a stream's clients are told that what they see is stale; ""
// if it is not.
func (s *State) Reason() string {
	if s.Stale == "" && s.Update != nil && !s.Update.HasSnapshot() {
		return "the origin answers " + s.Update.statusText()
	}
	return s.Stale
}
