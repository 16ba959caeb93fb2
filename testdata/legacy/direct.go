package legacy

import (
	"net/http"
	"strconv"
	"sync"
)

// DirectChat is a one-to-one chat, polled with a position of one's own:
//
//	GET  /messages?with=bob&since=ID   the items after ID, oldest first, and next: the ID to ask from
//	GET  /messages?with=bob            the latest 50
//	GET  /messages/ID                  one message, for its two people
//	POST /messages {"to","text"}       201, the stored message, its Location
//
// Users are told apart as in Friends. IDs are those of the whole origin, so
// that within a conversation they have gaps. Without news, next is the since
// of the question, even one that the origin has never given out.
type DirectChat struct {
	*Counter
	options Options

	mu      sync.Mutex // guards what follows
	history history
}

// DirectMessages is what a user gets. User is there so that messages in the
// wrong hands are visible.
type DirectMessages struct {
	User  string    `json:"user"`
	With  string    `json:"with"`
	Items []Message `json:"items"`
	Next  int64     `json:"next"`
}

// NewDirectChat returns a chat in which nobody has said anything yet.
func NewDirectChat(o Options) *DirectChat {
	o, _ = o.filled(Never())
	c := &DirectChat{options: o, history: history{limit: o.History}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /messages", personal("chat", c.list))
	mux.HandleFunc("GET /messages/{id}", personal("chat", c.show))
	mux.HandleFunc("POST /messages", personal("chat", c.post))
	c.Counter = o.counted(mux)
	return c
}

// Say stores a message as if it had been posted, without a request.
func (c *DirectChat) Say(from, to, text string) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := Instant{c.options.instant()}
	return c.history.add(Message{From: from, To: to, Text: text, At: at})
}

// Messages returns what the two have said to each other, the oldest first.
func (c *DirectChat) Messages(one, other string) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.history.after(0, c.history.limit, between(one, other))
}

func between(one, other string) func(Message) bool {
	return func(m Message) bool {
		return m.From == one && m.To == other || m.From == other && m.To == one
	}
}

func (c *DirectChat) list(w http.ResponseWriter, r *http.Request, user string) {
	with := r.URL.Query().Get("with")
	if !validName(with) {
		refuse(w, http.StatusBadRequest, "with is the name of the other user")
		return
	}
	since, given, ok := position(w, r)
	if !ok {
		return
	}
	answer := DirectMessages{User: user, With: with}
	c.mu.Lock()
	answer.Items, answer.Next = c.history.answer(since, given, c.options.Page, between(user, with))
	c.mu.Unlock()
	c.options.send(w, r, asJSON(answer, lastAt(answer.Items)))
}

// show answers 404 for other people's messages: even that they exist is private.
func (c *DirectChat) show(w http.ResponseWriter, r *http.Request, user string) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // no message has ID 0
	c.mu.Lock()
	m, found := c.history.find(id)
	c.mu.Unlock()
	if !found || m.From != user && m.To != user {
		refuse(w, http.StatusNotFound, "no such message")
		return
	}
	c.options.send(w, r, asJSON(m, m.At.Time))
}

func (c *DirectChat) post(w http.ResponseWriter, r *http.Request, user string) {
	p, ok := readPost(w, r)
	if !ok {
		return
	}
	if !validName(p.To) {
		refuse(w, http.StatusUnprocessableEntity, "to is the name of a user")
		return
	}
	stored(w, c.Say(user, p.To, p.Text))
}
