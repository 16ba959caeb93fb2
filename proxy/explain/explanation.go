package explain

import (
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/share"
)

// Explanation is what becomes of a request.
type Explanation struct {
	Request Request `json:"request"`
	Outcome Outcome `json:"outcome"`

	// Routes are those that were tried, in order: the last one is the request's,
	// if it matches.
	Routes []Candidate `json:"routes"`
	Route  *Route      `json:"route,omitempty"`

	// What follows is of requests that are answered from polls, or would be if
	// the route did not just observe.
	Transport *Transport     `json:"transport,omitempty"`
	Parts     *share.Account `json:"parts,omitempty"`
	Sharing   *Sharing       `json:"sharing,omitempty"`
	Schedule  *Schedule      `json:"schedule,omitempty"`

	// Feed is of a running proxy only.
	Feed *Feed `json:"feed,omitempty"`
}

// Request is what was asked about.
type Request struct {
	Method string `json:"method"`
	Host   string `json:"host"`
	Target string `json:"target"`
}

// What becomes of a request.
const (
	Coalesced = "coalesced" // answered from a poll, its own or another's
	Passed    = "passed"    // sent to the origin as it is
	Observed  = "observed"  // passed, and looked at as it goes
	Refused   = "refused"   // answered by pollmux with Status
	Answered  = "answered"  // the same, and no error
)

// Outcome is what becomes of a request, in short.
type Outcome struct {
	Is     string       `json:"is"`
	Status int          `json:"status,omitempty"` // if pollmux itself answers
	Reason share.Reason `json:"reason,omitempty"` // as in unshared
	Why    string       `json:"why"`
}

// Candidate is a route that was tried.
type Candidate struct {
	Name    string `json:"name"`
	Line    int    `json:"line,omitempty"` // of the file
	Matches bool   `json:"matches"`
	Why     string `json:"why"`
}

// Route is the one that the request belongs to.
type Route struct {
	Name     string `json:"name"`
	Mode     string `json:"mode"`
	Upstream string `json:"upstream"`
	Share    string `json:"share,omitempty"`
}

// Transport is how the client would be served.
type Transport struct {
	Name        string  `json:"name"`
	WaitSeconds float64 `json:"wait_seconds,omitempty"` // the longest hold
	Why         string  `json:"why"`
}

// Sharing is who else may get the answer.
type Sharing struct {
	With  string   `json:"with"` // everybody, identified, one-user
	Why   string   `json:"why"`
	Vary  []string `json:"vary"` // fields that the origin's answers turned out to depend on
	LetIn *bool    `json:"let_in,omitempty"`
}

// Schedule is when the origin would be polled.
type Schedule struct {
	IntervalSeconds    float64  `json:"interval_seconds"`
	MaxIntervalSeconds float64  `json:"max_interval_seconds,omitempty"` // if it adapts
	BudgetPerSecond    float64  `json:"budget_per_second,omitempty"`
	RefreshedBy        []string `json:"refreshed_by"`
	Notes              []string `json:"notes"`
}

// Feed is what there is for the request's key.
type Feed struct {
	Exists bool   `json:"exists"`
	Now    string `json:"now"` // what would happen at once
	*feed.Outlook
}
