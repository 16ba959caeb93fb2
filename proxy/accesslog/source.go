package accesslog

import (
	"context"
	"errors"
	"io"
	"sync"
)

// batch is what a piece of a log says.
type batch struct {
	requests  []request
	lines     int64
	blank     int64
	malformed int64
	samples   []Broken
	text      []byte // that requests refer to, if it is not in the piece
	err       error  // why there is no more
}

// Broken is a line that is no request.
type Broken struct {
	File string `json:"file"`
	Line int64  `json:"line"` // from 1
	Text string `json:"text"` // the beginning of it
}

// maxSamples is how many broken lines are shown; maxText is how much of each.
const (
	maxSamples = 5
	maxText    = 160
)

// source is a log that is being read.
type source struct {
	input  Input
	format *Format // nil: nobody knows
	first  int64   // when its first request came; 0: it has none

	// Of one that can be opened once: what was read to find that out.
	opened  io.ReadCloser
	chunks  *chunks
	head    []byte
	tooLong int64
	ended   error

	batches chan chan *batch // in order
	current []request
	lines   int64 // before the current batch
}

// look finds out what the log is, and when it begins.
func (s *source) look(formats []*Format, m *Meter) error {
	if !s.input.Once {
		m = new(Meter) // it is read again
	}
	r, err := openInput(s.input, m)
	if err != nil {
		return err
	}
	c := &chunks{r: r}
	piece, tooLong, err := c.next()
	if s.input.Once {
		s.opened, s.chunks, s.head, s.tooLong, s.ended = r, c, piece, tooLong, err
	} else {
		_ = r.Close()
	}
	if s.format = detect(formats, piece); s.format == nil {
		return nil
	}
	for _, r := range newParser(s.format, s.input.Name).parse(piece).requests {
		if s.first == 0 || r.time < s.first {
			s.first = r.time
		}
	}
	return nil
}

// run reads the log to its end, or to that of ctx. seats bounds how many pieces are
// parsed at once.
func (s *source) run(ctx context.Context, m *Meter, seats chan struct{}, wait *sync.WaitGroup) {
	defer close(s.batches)
	r, err := s.opened, error(nil)
	if r == nil {
		if r, err = openInput(s.input, m); err != nil {
			s.hand(ctx, &batch{err: err})
			return
		}
	}
	defer r.Close()
	c := s.chunks
	if c == nil {
		c = &chunks{r: r}
	}
	parsers := sync.Pool{New: func() any { return newParser(s.format, s.input.Name) }}
	for {
		piece, tooLong, err := s.next(c)
		select {
		case seats <- struct{}{}:
		case <-ctx.Done():
			return
		}
		done := make(chan *batch, 1)
		wait.Go(func() {
			defer func() { <-seats }()
			p := parsers.Get().(*parser)
			b := p.parse(piece)
			parsers.Put(p)
			b.lines, b.malformed = b.lines+tooLong, b.malformed+tooLong
			if b.err = err; errors.Is(err, io.EOF) {
				b.err = nil
			}
			m.lines.Add(b.lines)
			done <- b
		})
		select {
		case s.batches <- done:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// next is the next piece, beginning with what look has read of it.
func (s *source) next(c *chunks) (piece []byte, tooLong int64, err error) {
	if s.head == nil && s.ended == nil {
		return c.next()
	}
	piece, tooLong, err = s.head, s.tooLong, s.ended
	s.head, s.ended = nil, nil
	return piece, tooLong, err
}

// hand passes on a batch that needs no parsing.
func (s *source) hand(ctx context.Context, b *batch) {
	done := make(chan *batch, 1)
	done <- b
	select {
	case s.batches <- done:
	case <-ctx.Done():
	}
}
