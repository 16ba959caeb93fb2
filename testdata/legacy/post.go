package legacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Limits of what may be posted.
const (
	maxPost = 16 << 10 // bytes of a body; more is 413
	maxText = 2000     // characters of a text; more is 422
)

// post is the body of a new message. Each chat uses its own fields of it.
type post struct {
	From string `json:"from"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// readPost reads a message that is to be stored. When it may not be, it
// answers itself: 413 too large, 400 not JSON, 422 a text that nobody can say.
func readPost(w http.ResponseWriter, r *http.Request) (p post, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPost))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a message has at most %d bytes", maxPost))
		return p, false
	}
	if err != nil || json.Unmarshal(body, &p) != nil {
		refuse(w, http.StatusBadRequest, "the body is not a JSON object with texts in it")
		return p, false
	}
	if strings.TrimSpace(p.Text) == "" || utf8.RuneCountInString(p.Text) > maxText {
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf("text has 1 to %d characters", maxText))
		return p, false
	}
	return p, true
}

// stored answers a POST. The Location is relative, so that it is right under
// whatever prefix the chat is mounted.
func stored(w http.ResponseWriter, m Message) {
	w.Header().Set("Location", fmt.Sprintf("messages/%d", m.ID))
	sendJSON(w, http.StatusCreated, m)
}
