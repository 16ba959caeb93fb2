package legacy

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// latestMessages is how many messages an answer holds when no position is given.
const latestMessages = 50

// Message is one line of a chat.
type Message struct {
	ID   int64   `json:"id"` // unique and growing over the whole origin
	From string  `json:"from"`
	To   string  `json:"to,omitempty"` // in a one-to-one chat
	Text string  `json:"text"`
	At   Instant `json:"at"`
}

// history keeps the latest messages of an origin, by ID. Its owner's mutex
// guards it.
type history struct {
	limit int
	last  int64 // the ID of the last one
	kept  []Message
}

// add gives the message the next ID and keeps it.
func (h *history) add(m Message) Message {
	h.last++
	m.ID = h.last
	h.kept = append(h.kept, m)
	if len(h.kept) > h.limit {
		h.kept = h.kept[1:]
	}
	return m
}

// find returns the message with that ID.
func (h *history) find(id int64) (m Message, found bool) {
	i, found := h.place(id)
	if found {
		m = h.kept[i]
	}
	return m, found
}

func (h *history) place(id int64) (int, bool) {
	return slices.BinarySearchFunc(h.kept, id, func(m Message, id int64) int { return cmp.Compare(m.ID, id) })
}

// after returns the first limit messages beyond the ID that are wanted. A
// position that has left the history yields its beginning: like most legacy
// APIs, it says nothing about the gap.
func (h *history) after(id int64, limit int, wanted func(Message) bool) []Message {
	found := []Message{} // JSON: [] and not null
	i, here := h.place(id)
	if here {
		i++
	}
	for _, m := range h.kept[i:] {
		if len(found) == limit {
			break
		}
		if wanted(m) {
			found = append(found, m)
		}
	}
	return found
}

// latest returns the last limit messages that are wanted, the oldest first.
func (h *history) latest(limit int, wanted func(Message) bool) []Message {
	found := []Message{}
	for _, m := range slices.Backward(h.kept) {
		if len(found) == limit {
			break
		}
		if wanted(m) {
			found = append(found, m)
		}
	}
	slices.Reverse(found)
	return found
}

// answer returns what a read gets: from the position in its query, or the
// latest; and the position to ask from next time.
func (h *history) answer(since int64, given bool, page int, wanted func(Message) bool) (found []Message, next int64) {
	if given {
		found, next = h.after(since, page, wanted), since
	} else {
		found, next = h.latest(latestMessages, wanted), h.last
	}
	if len(found) > 0 {
		next = found[len(found)-1].ID
	}
	return found, next
}

// position reads ?since=. It answers 400 itself if that is not a number.
func position(w http.ResponseWriter, r *http.Request) (since int64, given, ok bool) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return 0, false, true
	}
	since, err := strconv.ParseInt(text, 10, 64)
	if err != nil || since < 0 {
		refuse(w, http.StatusBadRequest, "since is the id of a message: a number, 0 or more")
		return 0, true, false
	}
	return since, true, true
}

// lastAt is when the newest of the messages was said.
func lastAt(messages []Message) time.Time {
	if len(messages) == 0 {
		return time.Time{}
	}
	return messages[len(messages)-1].At.Time
}
