package upgrade

import (
	"strconv"
	"time"

	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// LongPoll is a subscriber that waits for one update. It is a fanout.Session.
type LongPoll struct {
	source    Source
	have      *Update
	answer    Answer
	accepted  coding.Accepted
	stale     string
	closing   bool
	delivered func(*Update)

	question *Question
	again    Again

	sending  *Update
	awaited  awaited
	body     []byte // goes out behind the head that was sent
	answered bool
	early    []byte
}

// LongPollOptions are what a long poll's client asked for.
type LongPollOptions struct {
	// Have is the version that the client has.
	Have *Update

	// Answer holds what every answer carries, Held, and the Coding in which the
	// client has it.
	Answer Answer

	// Accepted are the codings that the client takes.
	Accepted coding.Accepted

	// StaleStatus is the CacheStatus of an answer at the end of the wait while
	// the source cannot tell whether the version is still current.
	StaleStatus string

	// Closing ends the connection after the answer.
	Closing bool

	// Delivered is told of the update that was written to the client. It must
	// not block.
	Delivered func(*Update)

	// Question is what the client asked; nil if it may not go on with another
	// one like it. Otherwise Again is told how it goes on.
	Question *Question
	Again    Again
}

// Again decides about a client that asks the same again. Its methods must not block.
type Again interface {
	// Rest is called when the client is answered.
	Rest()

	// Renew is called when it has asked again, and reports whether it may wait
	// again.
	Renew() bool
}

// NewLongPoll returns a subscriber that is to be held for as long as it wants.
func NewLongPoll(source Source, o LongPollOptions) *LongPoll {
	return &LongPoll{
		source: source, have: o.Have, answer: o.Answer, accepted: o.Accepted, stale: o.StaleStatus, closing: o.Closing, delivered: o.Delivered,
		question: o.Question, again: o.Again,
	}
}

// Next answers as soon as there is another version.
func (p *LongPoll) Next() (frame []byte, changed <-chan struct{}, last bool) {
	if len(p.body) > 0 {
		return p.takeBody(), nil, true
	}
	state := p.source.Latest()
	if u := state.unseen(p.have.Version); u != nil {
		u, made := p.awaited.next(u, p.aside)
		if made != nil {
			return nil, made, false
		}
		p.sending = u
		frame = p.bytes(u, p.accepted)
		return frame, nil, len(p.body) == 0
	}
	p.awaited.update = nil
	if state.Ended != nil {
		return p.finish(), nil, true
	}
	return nil, state.Changed, false
}

// maxOwn is how long a body may be that is copied for one client.
const maxOwn = 4 << 10

// bytes is the answer with an update. It is the same for all clients that were
// waiting with the same options, so it is made once. If there are too many options,
// it is but the head, and the body comes next: thousands who wait for a time of their
// own each cost no copy of a large one.
func (p *LongPoll) bytes(u *Update, accepted coding.Accepted) []byte {
	p.answer.Coding = u.Choose(accepted)
	a := p.answer
	a.Update, a.Now = u, u.Received
	variant := a.CacheStatus + "\n" + a.Via + "\n" + a.Held.String() + strconv.FormatBool(p.closing)
	if b := u.held(a.Coding, variant, func() []byte { return a.Append(nil, p.closing) }); b != nil {
		return b
	}
	if len(a.Body()) <= maxOwn {
		return a.Append(nil, p.closing)
	}
	p.body = a.Body()
	return a.appendHead(nil, p.closing)
}

func (p *LongPoll) takeBody() (body []byte) {
	body, p.body = p.body, nil
	return body
}

// finish is the answer to a client that has waited long enough: that nothing
// changed, or what changed at the last moment.
func (p *LongPoll) finish() []byte {
	if len(p.body) > 0 {
		return p.takeBody()
	}
	state := p.source.Latest()
	if u := state.unseen(p.have.Version); u != nil {
		p.sending, p.awaited.update = u, nil
		return append(p.bytes(u, p.atOnce(u)), p.takeBody()...)
	}
	a := p.answer
	a.Update, a.NotModified, a.Now = p.have, true, time.Now()
	if u := state.Update; u != nil && u.Version == p.have.Version {
		a.Update = u // as old as it is now
	}
	if state.Stale != "" {
		a.CacheStatus = p.stale
	}
	return a.Append(nil, p.closing)
}

// atOnce are the codings in which an update need not be waited for: it goes as it is
// while it is being compressed, if the client takes that.
func (p *LongPoll) atOnce(u *Update) coding.Accepted {
	if p.accepted.Has(coding.Identity) && p.aside(u) != nil {
		return coding.Accepted{}
	}
	return p.accepted
}

// Sent accounts for a delivered update. The client is done, unless it asks again.
func (p *LongPoll) Sent() {
	if len(p.body) > 0 {
		return
	}
	if p.sending != nil {
		p.delivered(p.sending)
		p.have, p.sending = p.sending, nil
	}
	if p.answered = true; p.question != nil {
		p.again.Rest()
	}
}

// Beat is never needed: nothing may come before the answer.
func (p *LongPoll) Beat() ([]byte, bool) { return nil, false }

// Expire answers at the end of the wait, as a rule 304.
func (p *LongPoll) Expire() []byte { return p.finish() }

// Leave answers early, and asks the client to connect elsewhere.
func (p *LongPoll) Leave() []byte {
	p.closing = true
	return p.finish()
}

// Heard lets a client that was answered wait again, if it asks the same with the
// version that it got. It ends the session of one that sends anything else: that
// must not wait behind this.
func (p *LongPoll) Heard(said []byte) (fanout.Verdict, func()) {
	if p.answered && len(p.early) == 0 && p.question.IsAsked(said, p.have.Tag(p.answer.Coding)) && p.again.Renew() {
		p.answered = false
		return fanout.Renewed, nil
	}
	p.early = append(p.early, said...)
	return fanout.Spoken, nil
}

// NoRest has the client's next request go the whole way.
func (p *LongPoll) NoRest() { p.question = nil }

// Early returns what the client sent while it was held, which belongs to its
// next request. The session has ended.
func (p *LongPoll) Early() []byte { return p.early }
