package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxNames bounds a body that names what to refresh, in bytes, and namesTime the
// wait for it.
const (
	maxNames  = 1 << 20
	namesTime = 10 * time.Second
)

// usage is what to write.
const usage = `say which feeds: POST /api/refresh?path=/api/scores, ?path=/api/scores/**, ?path=/a&path=/b, ?route=NAME, ` +
	`or {"paths": ["/a", "/b"]} as application/json. Paths are as clients send them: of a%20b the % is %25 in a query, and itself in JSON.`

// names is what a refresh is of.
type names struct {
	Paths  []string `json:"paths"`
	Routes []string `json:"routes"`
}

// refreshed is the answer to a refresh. What each name stands for is told if there
// are several: a feed that more than one names is counted once in Feeds.
type refreshed struct {
	Feeds  int            `json:"feeds"`
	Paths  map[string]int `json:"paths,omitempty"`
	Routes map[string]int `json:"routes,omitempty"`
}

// refresh is for webhooks: something has changed, and it did not pass through
// here.
func (a *Admin) refresh(w http.ResponseWriter, r *http.Request) {
	n, err := readNames(w, r)
	if err == nil {
		err = a.refreshNames(w, n)
	}
	if err == nil {
		return
	}
	status := http.StatusBadRequest
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	say(w, status, usage+"\n"+err.Error())
}

func (a *Admin) refreshNames(w http.ResponseWriter, n *names) error {
	feeds, each, err := a.proxy.Refresh(n.Paths, n.Routes)
	if err != nil {
		return err
	}
	answer := refreshed{Feeds: feeds}
	if len(each) > 1 {
		answer.Paths, answer.Routes = countsOf(n.Paths, each), countsOf(n.Routes, each[len(n.Paths):])
	}
	writeJSON(w, answer)
	return nil
}

func countsOf(names []string, each []int) map[string]int {
	counts := map[string]int{}
	for i, name := range names {
		counts[name] = each[i]
	}
	return counts
}

// readNames reads what a request names in its query, or else in its body. One that
// names something in its query may have any body: a webhook's, which is its own
// affair.
func readNames(w http.ResponseWriter, r *http.Request) (*names, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	for name := range query {
		if name != "path" && name != "route" {
			return nil, fmt.Errorf("unknown parameter %q", name)
		}
	}
	n := &names{Paths: query["path"], Routes: query["route"]}
	if len(query) == 0 && isJSON(r) {
		if err := n.decode(w, r); err != nil {
			return nil, err
		}
	}
	return n, n.check()
}

func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func (n *names) decode(w http.ResponseWriter, r *http.Request) error {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(namesTime))
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNames))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(n); err != nil {
		return fmt.Errorf("the body cannot be read: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("the body goes on behind its JSON")
	}
	return nil
}

func (n *names) check() error {
	if len(n.Paths)+len(n.Routes) == 0 {
		return errors.New("nothing is named")
	}
	for _, path := range n.Paths {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("%q does not begin with \"/\"", path)
		}
	}
	return nil
}
