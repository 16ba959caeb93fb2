package legacy

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// GroupChat is one public room with thousands of members, who speak in bursts:
//
//	GET  /messages                  the latest 50 as a state, and next: the ID to ask from
//	GET  /messages?since=ID         those after ID, oldest first
//	GET  /messages/ID               one message
//	POST /messages {"from","text"}  201, the stored message, its Location
//
// Without news, next is the since of the question. The room is silent unless
// Options.Every lets the simulated members speak, or Speak makes them.
type GroupChat struct {
	*Counter
	options Options

	mu      sync.Mutex // guards what follows
	beat    *beat
	rand    *rand.Rand
	history history
}

// RoomMessages is what everybody in the room gets.
type RoomMessages struct {
	Messages []Message `json:"messages"`
	Next     int64     `json:"next"`
}

// NewGroupChat returns an empty room.
func NewGroupChat(o Options) *GroupChat {
	o, start := o.filled(Never())
	c := &GroupChat{
		options: o,
		beat:    newBeat(o.Every, o.random(whenStream), start),
		rand:    o.random(whatStream),
		history: history{limit: o.History},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /messages", c.list)
	mux.HandleFunc("GET /messages/{id}", c.show)
	mux.HandleFunc("POST /messages", c.post)
	c.Counter = o.counted(mux)
	return c
}

// Say stores a message as if it had been posted, without a request.
func (c *GroupChat) Say(from, text string) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUpLocked()
	return c.addLocked(from, text, c.options.instant())
}

// Speak makes simulated members say n things now, a burst, and returns them.
func (c *GroupChat) Speak(n int) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUpLocked()
	return c.burstLocked(n, c.options.instant())
}

// Messages returns all that the room remembers, the oldest first.
func (c *GroupChat) Messages() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUpLocked()
	return c.history.after(0, c.history.limit, anything)
}

func anything(Message) bool { return true }

func (c *GroupChat) catchUpLocked() {
	for at := range c.beat.passed(c.options.Clock()) {
		c.burstLocked(1+c.rand.IntN(c.options.Burst), at)
	}
}

func (c *GroupChat) burstLocked(n int, at time.Time) []Message {
	said := make([]Message, n)
	for i := range said {
		said[i] = c.addLocked(memberName(c.rand.IntN(c.options.Members)), smallTalk(c.rand), at)
	}
	return said
}

func (c *GroupChat) addLocked(from, text string, at time.Time) Message {
	return c.history.add(Message{From: from, Text: text, At: Instant{at}})
}

func (c *GroupChat) list(w http.ResponseWriter, r *http.Request) {
	since, given, ok := position(w, r)
	if !ok {
		return
	}
	var answer RoomMessages
	c.mu.Lock()
	c.catchUpLocked()
	answer.Messages, answer.Next = c.history.answer(since, given, c.options.Page, anything)
	c.mu.Unlock()
	c.options.send(w, r, asJSON(answer, lastAt(answer.Messages)))
}

func (c *GroupChat) show(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // no message has ID 0
	c.mu.Lock()
	c.catchUpLocked()
	m, found := c.history.find(id)
	c.mu.Unlock()
	if !found {
		refuse(w, http.StatusNotFound, "no such message")
		return
	}
	c.options.send(w, r, asJSON(m, m.At.Time))
}

func (c *GroupChat) post(w http.ResponseWriter, r *http.Request) {
	p, ok := readPost(w, r)
	if !ok {
		return
	}
	if !validName(p.From) {
		refuse(w, http.StatusUnprocessableEntity, "from is the name of a member: letters, digits and . _ -")
		return
	}
	stored(w, c.Say(p.From, p.Text))
}
