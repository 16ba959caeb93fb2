package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pollmux/pollmux/proxy/explain"
)

// explainUsage is what to write.
const explainUsage = `say which request: GET /api/explain?url=/api/scores, with &method=HEAD, &header=Accept:%20text/event-stream (any number of these), ` +
	`&from=192.0.2.7. A url is a path or begins with http://host; its & is %26 here.`

// explain says what would become of a request, and why: as JSON, or in words for who
// asks for text.
func (a *Admin) explain(w http.ResponseWriter, r *http.Request) {
	q, err := readQuestion(r.URL.RawQuery)
	if err != nil {
		say(w, http.StatusBadRequest, explainUsage+"\n"+err.Error())
		return
	}
	said, err := a.proxy.Explain(r.Context(), *q)
	if err != nil {
		say(w, http.StatusBadRequest, explainUsage+"\n"+err.Error())
		return
	}
	w.Header().Set("Vary", "Accept")
	if !wantsText(r.Header.Get("Accept")) {
		writeJSON(w, said)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_ = said.Text(w, "") // the client has left
}

func readQuestion(query string) (*explain.Question, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	q := &explain.Question{Method: values.Get("method"), URL: values.Get("url"), Header: values["header"], Live: true}
	for name, all := range values {
		switch {
		case name != "url" && name != "method" && name != "header" && name != "from":
			return nil, fmt.Errorf("unknown parameter %q", name)
		case name != "header" && len(all) > 1:
			return nil, fmt.Errorf("%s is given twice", name)
		}
	}
	if q.URL == "" {
		return nil, errors.New("url is missing")
	}
	if from := values.Get("from"); from != "" {
		if q.From, err = netip.ParseAddr(from); err != nil {
			return nil, errors.New("from is no address")
		}
	}
	return q, nil
}

// wantsText reports whether an Accept names text, and JSON not before it.
func wantsText(accept string) bool {
	text, json := strings.Index(accept, "text/plain"), strings.Index(accept, "application/json")
	return text >= 0 && (json < 0 || text < json)
}
