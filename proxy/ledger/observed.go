package ledger

// Observed is what a route in mode observe found out. Nothing of it was saved:
// its requests all went to the origin.
type Observed struct {
	// Share is the policy of sharing under which all of this would be.
	Share   string  `json:"share"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why"` // in words, and what it rests on

	Requests               int64   `json:"requests"`
	Resources              int64   `json:"resources"` // known now: feeds that there would be
	WouldSaveRequests      int64   `json:"would_save_requests"`
	WouldSaveBytes         int64   `json:"would_save_bytes"`
	WouldSaveOriginSeconds float64 `json:"would_save_origin_seconds"`

	// Compared answers are those that another answer would have been given in
	// place of: Same; Differing for certain; or, as far as anybody can tell, the
	// resource has Changed in between. What is proven later goes from Changed to
	// Differing.
	Compared  int64 `json:"compared"`
	Same      int64 `json:"same"`
	Changed   int64 `json:"changed"`
	Differing int64 `json:"differing"`

	// Alike are pairs of different clients that were given the same, one after
	// the other: what Same is worth.
	Alike int64 `json:"alike"`

	// Apart are those of Same that would have been shared among requests with the
	// same credentials only.
	Apart int64 `json:"apart"`

	// CredentialsWithheld counts requests with credentials that a shared poll
	// would not have: what the origin says without them, nobody has seen.
	CredentialsWithheld int64 `json:"credentials_withheld"`

	// Unshareable counts requests and answers that could not be shared, by why.
	Unshareable map[string]int64 `json:"unshareable"`

	Separators []Separator `json:"separators"`
	RuledOut   []Separator `json:"ruled_out"`

	// IfPublic is the same if identities were not kept apart; nil if they are
	// not.
	IfPublic *Observed `json:"if_public,omitempty"`
}

// Separator is something of a request by which an origin's answers differ, or
// seemed to.
type Separator struct {
	Kind     string  `json:"kind"` // header, cookie, query, address, connection
	Name     string  `json:"name"`
	Explains float64 `json:"explains"` // of the pairs in which it explains the difference
	Pairs    int64   `json:"pairs"`    // of answers
}

// Observer is who observes a route.
type Observer interface{ Observed() Observed }

// Observes says who observes the route from now on; nil if nobody does.
func (r *Route) Observes(o Observer) {
	if o == nil {
		r.observer.Store(nil)
		return
	}
	r.observer.Store(&o)
}

func (r *Route) observed() *Observed {
	o := r.observer.Load()
	if o == nil {
		return nil
	}
	seen := (*o).Observed()
	return &seen
}

// addObserved adds what is observed in all. What separates is a route's own.
func (t *RouteStats) addObserved(o *Observed) {
	if o == nil {
		return
	}
	if t.Observed == nil {
		t.Observed = &Observed{Verdict: o.Verdict, Unshareable: map[string]int64{}, Separators: []Separator{}, RuledOut: []Separator{}}
	}
	a := t.Observed
	a.Verdict = a.Verdict.and(o.Verdict)
	a.Requests += o.Requests
	a.Resources += o.Resources
	a.WouldSaveRequests += o.WouldSaveRequests
	a.WouldSaveBytes += o.WouldSaveBytes
	a.WouldSaveOriginSeconds += o.WouldSaveOriginSeconds
	a.Compared += o.Compared
	a.Same += o.Same
	a.Changed += o.Changed
	a.Differing += o.Differing
	a.Alike += o.Alike
	a.Apart += o.Apart
	a.CredentialsWithheld += o.CredentialsWithheld
	for reason, n := range o.Unshareable {
		a.Unshareable[reason] += n
	}
	a.Why = a.Verdict.Sentence(a)
}
