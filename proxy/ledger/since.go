package ledger

import "time"

// WithPollmux is how many requests the origin got.
func (r *RouteStats) WithPollmux() int64 {
	return r.UpstreamRequests.Poll + r.UpstreamRequests.Authorize + r.UpstreamRequests.Pass
}

// WithoutPollmux is how many it would have got if its clients had spoken to it
// themselves: their polls and what was passed, and, by estimate, the polls of those who
// are held.
func (r *RouteStats) WithoutPollmux() int64 {
	return r.ClientRequests.Poll + r.ClientRequests.Pass + r.SavedRequestsEstimated
}

// Held is how many clients are held now.
func (r *RouteStats) Held() int64 {
	s := r.Subscribers
	return s.Longpoll + s.SSE + s.NDJSON + s.Multipart + s.WebSocket
}

// Since is what was counted between two readings of an account, in a time of so many
// seconds. What is no count is as it is now. If the process was restarted in between,
// or a route is another one than before, then only what came after that is known.
func (s Stats) Since(before Stats) (d Stats, seconds float64) {
	if s.IsAnother(before) {
		return s, s.UptimeSeconds
	}
	d = s
	d.Routes = nil
	known := before.byName()
	for i := range s.Routes {
		d.Routes = append(d.Routes, s.Routes[i].since(known[s.Routes[i].Name]))
	}
	d.Totals = s.Totals.since(&before.Totals)
	d.Limits = sinceCounts(s.Limits, before.Limits)
	return d, s.UptimeSeconds - before.UptimeSeconds
}

// IsAnother reports whether an account began after a reading of another one: the
// process was restarted in between, however long it has run since.
func (s Stats) IsAnother(before Stats) bool {
	began := s.TakenAt.Add(-time.Duration(s.UptimeSeconds * float64(time.Second)))
	return s.UptimeSeconds < before.UptimeSeconds || !before.TakenAt.IsZero() && began.After(before.TakenAt)
}

// byName are the routes' accounts.
func (s *Stats) byName() map[string]*RouteStats {
	all := make(map[string]*RouteStats, len(s.Routes))
	for i := range s.Routes {
		all[s.Routes[i].Name] = &s.Routes[i]
	}
	return all
}

func (r RouteStats) since(b *RouteStats) RouteStats {
	if b == nil || r.WithPollmux() < b.WithPollmux() || r.ClientRequests.sum() < b.ClientRequests.sum() {
		return r
	}
	c, o := &r.ClientRequests, &b.ClientRequests
	c.Poll, c.Longpoll, c.SSE, c.NDJSON = c.Poll-o.Poll, c.Longpoll-o.Longpoll, c.SSE-o.SSE, c.NDJSON-o.NDJSON
	c.Multipart, c.WebSocket, c.Pass = c.Multipart-o.Multipart, c.WebSocket-o.WebSocket, c.Pass-o.Pass
	r.UpstreamRequests.Poll -= b.UpstreamRequests.Poll
	r.UpstreamRequests.Authorize -= b.UpstreamRequests.Authorize
	r.UpstreamRequests.Pass -= b.UpstreamRequests.Pass
	r.UpstreamNotModified -= b.UpstreamNotModified
	r.UpstreamErrors -= b.UpstreamErrors
	r.SavedRequestsMeasured -= b.SavedRequestsMeasured
	r.SavedRequestsEstimated = max(r.SavedRequestsEstimated-b.SavedRequestsEstimated, 0)
	r.SavedBytes -= b.SavedBytes
	r.SavedOriginSeconds -= b.SavedOriginSeconds
	r.Updates -= b.Updates
	r.Deliveries -= b.Deliveries
	r.Unshared = sinceCounts(r.Unshared, b.Unshared)
	r.Observed = r.Observed.since(b.Observed)
	return r
}

func (c *ClientRequests) sum() int64 {
	return c.Poll + c.Longpoll + c.SSE + c.NDJSON + c.Multipart + c.WebSocket + c.Pass
}

// since leaves out what was found out rather than counted: the verdict and what
// separates need all that was seen.
func (o *Observed) since(b *Observed) *Observed {
	if o == nil || b == nil || o.Requests < b.Requests {
		return o
	}
	d := *o
	d.Requests -= b.Requests
	d.WouldSaveRequests -= b.WouldSaveRequests
	d.WouldSaveBytes -= b.WouldSaveBytes
	d.WouldSaveOriginSeconds -= b.WouldSaveOriginSeconds
	d.CredentialsWithheld -= b.CredentialsWithheld
	d.Unshareable = sinceCounts(o.Unshareable, b.Unshareable)
	d.IfPublic = o.IfPublic.since(b.IfPublic)
	return &d
}

func sinceCounts(now, before map[string]int64) map[string]int64 {
	d := map[string]int64{}
	for name, n := range now {
		if n -= before[name]; n > 0 {
			d[name] = n
		}
	}
	return d
}
