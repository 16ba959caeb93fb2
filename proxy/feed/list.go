package feed

import "time"

// Info is what an operator is told of a feed. It has neither key nor URL, which
// may hold secrets.
type Info struct {
	Route       string  `json:"route"`
	Feed        string  `json:"feed"`
	Private     bool    `json:"private"`
	Clients     int     `json:"clients"` // that are held or wait for a poll
	Subscribers int64   `json:"subscribers"`
	Version     uint64  `json:"version"`
	Bytes       int     `json:"bytes"`
	AgeSeconds  float64 `json:"age_seconds"`
	Stale       string  `json:"stale,omitempty"` // why the last poll failed, or showed clients nothing
	Alone       string  `json:"alone,omitempty"` // why each request is passed on
}

// List describes the live feeds, in no order.
func (s *Feeds) List(now time.Time) []Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Info, 0, len(s.live))
	for _, f := range s.live {
		i := f.info(now)
		i.Clients = f.references
		if i.Clients == 0 && f.isKeptFromOthers() {
			i.Stale = "" // the origin answers, and nobody is held who would have to be told
		}
		list = append(list, i)
	}
	return list
}

// info is all but Clients, which the live set knows.
func (f *Feed) info(now time.Time) Info {
	v := f.view.Load()
	i := Info{Route: f.spec.Route, Feed: f.tag, Private: f.spec.Identity != "", Subscribers: f.Subscribers(), Stale: v.state.Stale}
	if now.Before(v.alone) {
		i.Alone = string(v.reason)
	}
	if u := v.state.Update; u != nil {
		i.Version, i.Bytes, i.AgeSeconds = u.Version, len(u.Body), u.CurrentAge(now).Seconds()
	}
	return i
}
