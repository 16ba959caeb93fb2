package legacy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"time"
)

// Validator says by what a client may revalidate an answer. Values combine
// with |; with both ETags, the strong one is sent.
type Validator uint8

// The validators that legacy APIs send; the zero value is none.
const (
	// WeakETag names the state and ignores what changes with every request.
	WeakETag Validator = 1 << iota

	// StrongETag names the bytes. What changes with every request is left out
	// of the answer, since the tag promises equal bytes (RFC 9110, 8.8.1).
	StrongETag

	// LastModified is the second of the last change. As in real life it hides
	// a second change within the same second.
	LastModified
)

// representation is one answer with what its validators are made from.
type representation struct {
	contentType string
	body        []byte
	stable      []byte // the part of body that changes only with the state
	changed     time.Time
}

// send answers a GET or HEAD, conditional or not. It leaves the conditions to
// http.ServeContent, which knows them all.
func (o Options) send(w http.ResponseWriter, r *http.Request, rep representation) {
	maps.Copy(w.Header(), o.Header.Clone())
	w.Header().Set("Content-Type", rep.contentType)
	switch {
	case o.Validator&StrongETag != 0:
		w.Header().Set("ETag", tag(rep.stable))
	case o.Validator&WeakETag != 0:
		w.Header().Set("ETag", "W/"+tag(rep.stable))
	}
	var modified time.Time
	if o.Validator&LastModified != 0 {
		modified = rep.changed
	}
	http.ServeContent(w, r, "", modified, bytes.NewReader(rep.body))
}

func tag(stable []byte) string {
	hash := fnv.New64a()
	hash.Write(stable) // a hash never fails to write
	return fmt.Sprintf(`"%016x"`, hash.Sum64())
}

// asJSON is the representation of a value that holds nothing per request.
func asJSON(value any, changed time.Time) representation {
	body := mustJSON(value)
	return representation{"application/json", body, body, changed}
}

// mustJSON encodes our own plain structs, for which json.Marshal cannot fail.
func mustJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// refuse answers with an error as legacy APIs do: a status and some JSON.
func refuse(w http.ResponseWriter, status int, reason string) {
	sendJSON(w, status, map[string]string{"error": reason})
}

func sendJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(mustJSON(value)) // a client that left is none of our business
}

// readOnly refuses every method but GET and HEAD.
func readOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "this resource is read-only")
			return
		}
		next(w, r)
	}
}
