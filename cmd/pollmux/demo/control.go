package demo

import (
	"encoding/json"
	"net/http"
)

// maxControl bounds what is posted, in bytes.
const maxControl = 1 << 10

// control moves the sliders, for everybody: POST {"clients":"2s"},
// {"pollmux":"500ms"} or both. It answers with what holds then.
func (d *Demo) control(w http.ResponseWriter, r *http.Request) {
	var wish Setting
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl)).Decode(&wish); err != nil {
		http.Error(w, `send {"clients":"2s","pollmux":"500ms"}, or one of them`, http.StatusBadRequest)
		return
	}
	for _, i := range []Interval{wish.Clients, wish.Pollmux} {
		if err := i.check(); i != "" && err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	sendJSON(w, d.knob.turn(func(s *Setting) {
		if wish.Clients != "" {
			s.Clients = wish.Clients
		}
		if wish.Pollmux != "" {
			s.Pollmux = wish.Pollmux
		}
	}))
}

// sendJSON answers with one of our own structs, which can be encoded.
func sendJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client has left
}
