package admin

import (
	"encoding/json"
	"net/http"
)

// past tells the history of the last hour: of all routes together, and the trend of
// each; or with ?route=NAME that of one.
func (a *Admin) past(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !query.Has("route") {
		var names []string
		for _, route := range a.proxy.Ledger().Routes() {
			names = append(names, route.Name())
		}
		writeNumbers(w, a.history.Totals(names))
		return
	}
	report, ok := a.history.Route(query.Get("route"))
	if !ok {
		say(w, http.StatusNotFound, "there is no such route, or the process has just begun; /api/stats has the names of the routes")
		return
	}
	writeNumbers(w, report)
}

// writeNumbers is writeJSON of what nobody reads line by line.
func writeNumbers(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has left
}
