package origin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"
)

// Line is a way to the servers of a group, over connections of its own. Its methods
// may be called concurrently.
type Line struct {
	group   *Group
	clients []*Client // of the servers, in their order
	polls   bool
}

// connectShare is the part of a request's timeout that making a connection may take
// where there is another server to go to.
const connectShare = 4

// Do is [Client.Do] with a server of the group. What could not be sent at all is
// sent to another. What changes nothing is sent to another, once, if the first one
// did not begin to answer, or wants to be left alone: a POST as well, if it is a poll,
// of which the operator says that it only reads. Anything else that may have come to a
// server is sent to no other.
func (l *Line) Do(ctx context.Context, req *Request) (*Response, error) {
	g := l.group
	if len(g.servers) == 1 {
		s := g.servers[0]
		s.requests.Add(1)
		resp, err := l.clients[0].Do(ctx, req)
		s.count(l.blame(ctx, resp, err))
		return resp, err
	}
	whole, err := req.ready(ctx)
	if err != nil {
		return nil, err
	}
	return (&errand{line: l, ctx: ctx, req: req, whole: whole}).run()
}

// errand is a request on its way through the servers of a group.
type errand struct {
	line  *Line
	ctx   context.Context
	req   *Request
	whole []byte
	tried []*Server
	room  [3]*Server // for tried
	again bool       // a second server may get what a first one may have got
}

// run asks servers until there is an answer, or none may be asked any more.
func (e *errand) run() (*Response, error) {
	g := e.line.group
	e.tried = e.room[:0]
	var sent error // of a server that may have got the request
	for {
		s, _ := g.choose(e.req, e.tried, time.Now())
		e.tried = append(e.tried, s)
		resp, err := e.ask(s)
		if err == nil {
			resp.From = s
		}
		switch goesOn := e.goesOn(s, resp, err); {
		case !goesOn && Unsent(err) && sent != nil:
			return nil, sent
		case !goesOn:
			return resp, err
		case err != nil && !Unsent(err):
			sent = err
		}
		s.failedOver.Add(1)
		if resp != nil {
			resp.discard()
		}
	}
}

// ask asks one server, and has it judged by what comes of that.
func (e *errand) ask(s *Server) (resp *Response, err error) {
	began := time.Now()
	err = errInterrupted // if it panics
	defer func() {
		f := e.line.blame(e.ctx, resp, err)
		if resp == nil || !e.line.polls || f.weight > 0 || resp.Tunnel != nil || resp.Whole() {
			s.settle(f, began, time.Now())
			return
		}
		resp.exchange.verdict = func(err error) { s.settle(blameBody(e.ctx, resp, err), began, time.Now()) }
	}()
	s.requests.Add(1)
	req, whole := e.versionFor(s)
	return e.line.clientOf(s).send(e.ctx, req, whole, e.patience())
}

// errInterrupted is nobody's fault.
var errInterrupted = errors.New("the request was interrupted")

func (l *Line) clientOf(s *Server) *Client {
	if l.polls {
		return s.polls
	}
	return s.passes
}

// versionFor is the request as it is sent to a server: the conditions that it has were
// made of what another one said, whose tags may mean something else.
func (e *errand) versionFor(s *Server) (req *Request, whole []byte) {
	if e.req.Elsewhere == nil || e.req.From == s {
		return e.req, e.whole
	}
	other := *e.req
	if other.Head = other.Elsewhere; other.Body == nil {
		return &other, other.Head
	}
	return &other, e.whole
}

// patience is how long a server may take to be connected to. A machine that is gone
// says nothing at all, and nobody should find that out for longer than they have.
func (e *errand) patience() time.Duration {
	if len(e.tried) < len(e.line.group.servers) {
		return e.req.Timeout / connectShare
	}
	return e.req.Timeout
}

// goesOn reports whether another server is to be asked.
func (e *errand) goesOn(s *Server, resp *Response, err error) bool {
	g := e.line.group
	switch {
	case e.ctx.Err() != nil, errors.Is(err, ErrRequestBody), err == nil && !e.rests(s, resp):
		return false
	case err == nil:
		return e.req.Safe && !e.again && resp.Spared && e.mayAskAgain()
	case len(e.tried) == len(g.servers):
		return false
	case Unsent(err):
		return true
	}
	return e.req.Safe && !e.again && errors.As(err, new(unanswered)) && e.mayAskAgain()
}

// rests reports whether a poll's answer wants its server to be left alone, which it is
// from now on.
func (e *errand) rests(s *Server, resp *Response) bool {
	g, now := e.line.group, time.Now()
	if !e.line.polls || resp.Status != http.StatusServiceUnavailable || g.rest == nil {
		return false
	}
	d := g.rest(resp, now)
	if d <= 0 {
		return false
	}
	s.rest(now.Add(d))
	resp.Spared = g.hasOther(e.req, e.tried, now)
	return true
}

// mayAskAgain reports whether another server may be sent what one may have got
// already, and counts that. It is one request more for the origin, so there is a bound
// to it, and whoever pays for the request has a say.
func (e *errand) mayAskAgain() bool {
	if !e.rewind() || !e.line.group.extra.take(time.Now()) || e.req.Payer != nil && !e.req.Payer.AskAgain() {
		return false
	}
	e.again = true
	return true
}

// rewind makes the body of a poll ready to be sent once more.
func (e *errand) rewind() bool {
	if e.whole != nil || e.req.Body == nil {
		return true
	}
	body, ok := e.req.Body.(io.Seeker)
	if !ok {
		return false
	}
	_, err := body.Seek(0, io.SeekStart)
	return err == nil
}

// fault is what a request says about the server that it was sent to.
type fault struct {
	weight int    // maxStrain is enough to leave it out
	broken bool   // it could be connected to
	why    string // "" if nothing
	silent bool   // it says nothing, good or bad
}

// The weights of faults.
const (
	maxStrain     = 6
	weightUnmade  = maxStrain // no connection: nothing else will succeed either
	weightBroken  = 2         // no answer, or one that cannot be read
	weightGateway = 1         // 502, 503 or 504: something behind the server failed, for this URL at least
)

// blame says what came of a request. A status of 500 is the application's own, and
// may be for one URL; what passed requests bring with 502 to 504 is up to clients, who
// choose what they ask for.
func (l *Line) blame(ctx context.Context, resp *Response, err error) fault {
	switch {
	case err == nil && l.polls && resp.Status >= 502 && resp.Status <= 504:
		return fault{weight: weightGateway, broken: true, why: "it answers " + http.StatusText(resp.Status)}
	case err == nil:
		return fault{}
	case ctx.Err() != nil && !errors.Is(err, ErrTimeout), errors.Is(err, ErrRequestBody), isOurs(err), err == errInterrupted:
		return fault{silent: true}
	case isStale(err), Unsent(err) && ctx.Err() != nil:
		return fault{silent: true}
	case Unsent(err):
		return fault{weight: weightUnmade, why: err.Error()}
	}
	return fault{weight: weightBroken, broken: true, why: err.Error()}
}

// blameBody says what came of the body of a poll. Of one without a length nobody knows
// whether more was to come by then: it may be a stream.
func blameBody(ctx context.Context, resp *Response, err error) fault {
	timeout := errors.Is(err, ErrTimeout)
	switch {
	case err == nil:
		return fault{}
	case timeout && resp.Length < 0, !timeout && ctx.Err() != nil:
		return fault{silent: true}
	}
	return fault{weight: weightBroken, broken: true, why: err.Error()}
}

// isStale reports whether a connection had been closed while it was idle, which servers
// may do at any time.
func isStale(err error) bool {
	var silence unanswered
	return errors.As(err, &silence) && silence.stale
}

// isOurs reports whether it is this machine that has run out of something.
func isOurs(err error) bool {
	for _, own := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// count counts a fault of a server without others, which has no standing to lose.
func (s *Server) count(f fault) {
	switch {
	case f.weight > 0:
		s.failures.Add(1)
	case !f.silent && !s.reached.Load():
		s.reached.Store(true)
	}
}
