package admin

import (
	"errors"
	"net/http"
)

// errNothing: there is no file.
var errNothing = errors.New("there is no configuration to reload")

// reload loads the configuration anew, and answers with what has changed: 422 with what is
// wrong, a line each, if it is refused.
func (a *Admin) reload(w http.ResponseWriter, r *http.Request) {
	if a.load == nil {
		say(w, http.StatusConflict, errNothing.Error())
		return
	}
	changes, err := a.load(r.Context())
	if err != nil {
		say(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	writeJSON(w, changes)
}
