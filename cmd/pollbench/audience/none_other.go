//go:build !linux

package audience

import "time"

// Audience cannot be had here.
type Audience struct{}

// New fails.
func New(Options) (*Audience, error) { return nil, ErrSystem }

// Close and the rest are never called.
func (a *Audience) Close()                               {}
func (a *Audience) Join(int) (State, error)              { return State{}, ErrSystem }
func (a *Audience) Await(int64) (State, error)           { return State{}, ErrSystem }
func (a *Audience) Replace() (State, error)              { return State{}, ErrSystem }
func (a *Audience) Begin()                               {}
func (a *Audience) Lap() Lap                             { return Lap{} }
func (a *Audience) State() State                         { return State{} }
func (a *Audience) Stop() int                            { return 0 }
func (a *Audience) Resume(int64) (Resumed, State, error) { return Resumed{}, State{}, ErrSystem }
func (a *Audience) Churn(int, time.Duration)             {}

func (c *client) send([]byte) error { return ErrSystem }
