package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
	"github.com/pollmux/pollmux/proxy/share"
)

// flight is one poll under way. It belongs to run; the goroutine that flies it
// has only what fly is given.
type flight struct {
	began      time.Time
	before     time.Time // when a poll of the upstream began last
	generation uint64
	urgent     uint64
	refreshes  uint64
	protected  bool // it takes the place of one that a write aborted: no write aborts it
	aborted    bool
	cancel     context.CancelFunc
	starter    *ask           // the client that caused it; nil for the timer
	item       *schedule.Item // in whose turn it began; nil if it needed none
	lender     *Lender        // whose credentials it has; nil if it has none
	waiters    []*ask
	reported   bool      // to the schedule
	terms      *Terms    // under which it began
	trace      PollTrace // nil unless it is recorded
}

// landing is how a flight ended.
type landing struct {
	response *origin.Response
	body     []byte
	verdict  share.Verdict
	err      error
	took     time.Duration
	received time.Time
	kept     *Kept            // the response, if it may be handed on
	changed  bool             // it is another version
	instant  schedule.Instant // when it became that; zero if the origin does not say
	endless  bool             // err is that a body of unknown length went on for too long
}

// errPanicked is a poll that ended in a panic.
var errPanicked = errors.New("the poll panicked")

// errStatus is an answer that means that the origin fails.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("the origin answers %d", int(e)) }

// launch starts a poll, for an ask or for the timer.
func (f *Feed) launch(now time.Time, starter *ask) {
	r := &f.runs
	r.owed = false
	ctx, cancel := context.WithTimeout(f.set.ctx, f.policy().Timeout)
	r.flight = &flight{began: now, before: f.outage.begin(now), urgent: f.urgent.Load(), refreshes: f.refreshes.Load(), cancel: cancel, item: r.item, terms: f.terms.Load(), starter: starter, protected: r.aborted}
	r.flight.generation = f.generation.Load() // after those: see hurry
	r.aborted = false
	if starter != nil {
		r.flight.waiters = []*ask{starter}
	}
	f.traced(r.flight)
	f.wanted.Store(true)
	lender := f.lender(starter)
	r.flight.lender = lender
	t := task{terms: r.flight.terms, known: r.known, lent: lender != nil}
	f.setHead(&t, lender)
	if starter != nil && (lender == starter.lender) {
		t.keep, t.own = starter.keep, lender != nil
	}
	go f.fly(ctx, t) // waited for by end, through landed
}

// task is what the goroutine of a flight is given.
type task struct {
	terms     *Terms
	head      []byte
	from      *origin.Server // whose validators are in it
	elsewhere []byte         // the head for others; nil: the same
	known     *share.Vary
	keep      Keep // what the starter would take
	lent      bool // the poll has somebody's credentials
	own       bool // and they are the starter's
}

// setHead makes the head of a poll, with the field lines that make it conditional on
// what the origin sent last. Another server than the one that did is sent none: its
// tags may mean something else.
func (f *Feed) setHead(t *task, lender *Lender) {
	own := f.spec.Head
	if lender != nil {
		own = lender.Head
	}
	head := append(make([]byte, 0, len(own)+256), own...)
	// A POST that fits a condition is answered 412 (RFC 9110 section 13.1.2).
	// One that proves whether a client is let in says nothing that this client could
	// not have said: an origin may look at conditions before it looks at credentials.
	if r := &f.runs; f.Latest().Update != nil && f.spec.Method == "GET" && (lender == nil || !lender.Unproven) {
		head = appendCondition(head, "If-None-Match: ", r.etag)
		head = appendCondition(head, "If-Modified-Since: ", r.lastModified)
		if t.from = r.from; t.from != nil && len(head) > len(own) {
			t.elsewhere = append(append(make([]byte, 0, len(own)+2), own...), "\r\n"...)
		}
	}
	t.head = append(head, "\r\n"...)
}

func appendCondition(head []byte, name, value string) []byte {
	if value == "" {
		return head
	}
	return append(append(append(head, name...), value...), "\r\n"...)
}

// fly polls once and lands, whatever happens.
func (f *Feed) fly(ctx context.Context, t task) {
	began := time.Now()
	l := landing{err: errPanicked}
	defer func() {
		if p := recover(); p != nil {
			f.panicked(p)
		}
		l.received = time.Now()
		l.took = l.received.Sub(began)
		f.landed <- l
	}()
	l = f.poll(ctx, t)
}

// poll sends the request and reads the answer as far as it can be shared.
func (f *Feed) poll(ctx context.Context, t task) (l landing) {
	resp, err := t.terms.Origin.Do(ctx, f.request(&t))
	if err != nil {
		return landing{err: err}
	}
	l = landing{response: resp}
	defer func() {
		if l.kept == nil {
			_ = resp.Body.Close()
		}
	}()
	f.read(&l, t)
	if l.err == nil && l.verdict.Reason != "" && t.wants(resp) && resp.Detach() {
		l.kept, l.body = &Kept{Response: resp, prefix: l.body}, nil
	}
	return l
}

// request is a poll. A GET has no body, whatever its origin makes of one; of a POST,
// the operator says that it only reads.
func (f *Feed) request(t *task) *origin.Request {
	req := &origin.Request{
		Method: f.spec.Method, Head: t.head, Timeout: t.terms.Policy.Timeout,
		Safe: true, Payer: f, Affinity: f.place, From: t.from, Elsewhere: t.elsewhere,
	}
	if f.spec.Method == "POST" {
		req.Body, req.Length, req.Abandon = bytes.NewReader(f.spec.Body), int64(len(f.spec.Body)), func() {}
	}
	return req
}

// read judges a response, and reads its body if that may be shared.
func (f *Feed) read(l *landing, t task) {
	resp := l.response
	if l.err = failing(resp.Status); l.err != nil {
		// Read, a short explanation leaves the connection usable.
		_, _ = io.CopyN(io.Discard, resp.Body, maxExplanation)
		return
	}
	if l.verdict = f.judge(resp, t); l.verdict.Reason == "" && resp.Status != 304 {
		l.body, l.verdict.Reason, l.err = readBody(resp, t.terms.Policy.Snapshot)
		l.endless = resp.Length < 0 && len(l.body) > 0 && errors.Is(l.err, origin.ErrTimeout)
	}
}

// judge decides whether a response may be shared.
func (f *Feed) judge(resp *origin.Response, t task) share.Verdict {
	if f.spec.Lending == nil {
		return f.spec.Share.JudgePoll(resp, f.spec.Audience, t.known)
	}
	return f.spec.Share.JudgeLent(resp, f.spec.Audience, t.known, t.lent)
}

// wants reports whether the starter would take a response that is for nobody
// else. A 304 answers the feed's condition, not the client's, and one that depends
// on what a poll does not say was not made for the client. Whatever it wants, a
// refusal of its own credentials is its answer.
func (t *task) wants(resp *origin.Response) bool {
	if t.own && isRefusal(resp.Status) {
		return share.IsOwn(resp, t.known)
	}
	switch t.keep {
	case KeepAny:
		return resp.Status != 304 && share.IsOwn(resp, t.known)
	case KeepEvents:
		return resp.Status == 200 && share.IsEvents(resp) && share.IsOwn(resp, t.known)
	}
	return false
}

// maxExplanation is how much of a failure's body is read.
const maxExplanation = 16 << 10

// failing returns an error for a status that says nothing about the resource.
func failing(status int) error {
	if status >= 500 || status == 408 || status == 425 || status == 429 {
		return errStatus(status)
	}
	return nil
}

// readBody reads a body up to the limit. A larger one is not shared; what was
// read of it is returned.
func readBody(resp *origin.Response, limit int64) ([]byte, share.Reason, error) {
	if limit > 0 && resp.Length > limit {
		return nil, share.ReasonTooLarge, nil
	}
	if resp.Length >= 0 {
		body, err := readWhole(resp.Body, resp.Length)
		return body, "", err
	}
	from := io.Reader(resp.Body)
	if limit > 0 {
		from = io.LimitReader(from, limit+1)
	}
	body, err := io.ReadAll(from)
	if err == nil && limit > 0 && int64(len(body)) > limit {
		return body, share.ReasonTooLarge, nil
	}
	return body, "", err
}

// firstRead is how much of a body's length is believed before any of it came.
const firstRead = 1 << 20

// readWhole reads a body of known length. The buffer grows with what has come,
// or a number in a head could take all memory.
func readWhole(from io.Reader, length int64) ([]byte, error) {
	body := make([]byte, min(length, firstRead))
	for read := 0; ; {
		n, err := io.ReadFull(from, body[read:])
		if read += n; err != nil || int64(read) == length {
			return body[:read], err
		}
		grown := make([]byte, min(length, 2*int64(read)))
		copy(grown, body)
		body = grown
	}
}

// discard ends an exchange that nobody will have.
func (l *landing) discard() {
	if l.kept != nil {
		_ = l.kept.Close()
	}
}
