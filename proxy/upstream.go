package proxy

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/origin"
)

// upstream is a configured upstream: its servers, with one line for polls and one for
// passed requests, so that neither meets what the other left on a connection.
type upstream struct {
	*config.Upstream
	name          string
	files         [sha256.Size]byte // what was in those that it names
	place         uint64            // another one when none of the servers is one that there was; no two ever have the same
	way           uint64            // another one when servers is
	servers       *origin.Group
	polls, passes *origin.Line
	outage        *feed.Outage     // of the polls
	dispatcher    *feed.Dispatcher // of what pollmux asks by itself; nil without a budget
	host          string           // sent in place of the client's; "" keeps that
}

// upstreamOf is the upstream of a configuration: the one that has had its name, if it is
// to be the same. It fails if a file that it names is not good. p.reloading is held.
func (p *Proxy) upstreamOf(name string, u *config.Upstream, was *upstream) (*upstream, error) {
	files := filesOf(u)
	if was != nil && was.files == files && reflect.DeepEqual(was.Upstream, u) {
		return was, nil
	}
	own := &upstream{Upstream: u, name: name, files: files, host: u.Host, outage: new(feed.Outage)}
	if was != nil {
		own.place, own.way, own.outage = was.place, was.way, was.outage
	}
	if was == nil || was.isElsewhere(u) {
		p.places++
		own.place = p.places
	}
	if was != nil && was.files == files && was.connectsAs(u) {
		own.servers = was.servers
	} else {
		own.way++
		if err := own.connect(p.originTLS, p.agent, p.log); err != nil {
			return nil, err
		}
	}
	own.polls, own.passes = own.servers.Polls, own.servers.Passes
	switch {
	case u.Budget <= 0:
	case was != nil && was.dispatcher != nil:
		own.dispatcher = was.dispatcher
	default:
		own.dispatcher = feed.NewDispatcher(float64(u.Budget), p.log)
	}
	return own, nil
}

// contentOf is a hash of files. One that cannot be read is as good as empty here.
func contentOf(names ...string) [sha256.Size]byte {
	var all []byte
	for _, name := range names {
		if name != "" {
			data, _ := os.ReadFile(name)
			sum := sha256.Sum256(data)
			all = append(all, sum[:]...)
		}
	}
	return sha256.Sum256(all)
}

// HasOtherFiles reports whether files that the configuration in force names for its
// upstreams are not what they were when it was loaded.
func (p *Proxy) HasOtherFiles() bool {
	for _, u := range p.rules.Load().upstreams {
		if u.files != filesOf(u.Upstream) {
			return true
		}
	}
	return false
}

// filesOf is a hash of the files that an upstream names.
func filesOf(u *config.Upstream) [sha256.Size]byte {
	return contentOf(u.TLS.CA, u.TLS.Cert, u.TLS.Key)
}

// connect makes the group of servers.
func (u *upstream) connect(by *tls.Config, agent string, log *slog.Logger) error {
	if u.TLS != (config.UpstreamTLS{}) || by == nil {
		var err error
		if by, err = u.TLS.Load(); err != nil {
			return located(u.name, err)
		}
	}
	if u.TLS.InsecureSkipVerify {
		log.Warn("certificates of servers are not verified: whoever is in between can read and change everything", "upstream", u.name)
	}
	u.servers = origin.NewGroup(origin.GroupOptions{
		Upstream: u.name, Servers: u.Servers, TLS: by, Check: checkOf(u.Upstream, agent), Log: log, Rest: feed.RestOf,
	})
	return nil
}

// isElsewhere reports whether none of the servers that a configuration names is one of
// the upstream's.
func (u *upstream) isElsewhere(c *config.Upstream) bool {
	return !slices.ContainsFunc(c.Servers, func(server *url.URL) bool {
		return slices.ContainsFunc(u.Servers, func(own *url.URL) bool { return own.String() == server.String() })
	})
}

// connectsAs reports whether servers are spoken to as another configuration says.
func (u *upstream) connectsAs(c *config.Upstream) bool {
	own, other := *u.Upstream, *c
	for _, each := range []*config.Upstream{&own, &other} {
		each.Timeout, each.Budget = 0, 0
	}
	return reflect.DeepEqual(own, other)
}

// succeed goes on with what was shared of the upstream that it takes the place of.
func (u *upstream) succeed(was *upstream) {
	if u.place != was.place {
		u.outage.Move(time.Now())
	}
	if u.dispatcher != nil && u.dispatcher == was.dispatcher && u.Budget != was.Budget {
		u.dispatcher.SetRate(float64(u.Budget))
	}
}

// knownAs is the host of a request as the URLs of feeds have it.
func (u *upstream) knownAs(h *head.Head) string {
	if u.host != "" {
		return u.host
	}
	return string(h.Host)
}

// located has problems with the files of an upstream say which one's they are.
func located(upstream string, err error) error {
	var problems config.Problems
	if errors.As(err, &problems) {
		for i := range problems {
			problems[i].Field = "upstreams." + upstream + ".tls." + problems[i].Field
		}
	}
	return err
}

// checkOf is how the servers of an upstream are checked, nil if they are not.
func checkOf(u *config.Upstream, agent string) *origin.Check {
	h := u.Health
	if h.Path == "" {
		return nil
	}
	return &origin.Check{
		Path: h.Path, Host: u.Host, Agent: agent, Interval: h.Interval, Timeout: h.CheckTimeout(),
		Status: h.Status, Healthy: h.Healthy, Unhealthy: h.Unhealthy,
	}
}

// closeBut ends what the upstream does by itself, but for what it shares with another; nil
// shares nothing. Requests under way go on to their ends.
func (u *upstream) closeBut(other *upstream) {
	if other == nil {
		other = new(upstream)
	}
	if u.dispatcher != nil && u.dispatcher != other.dispatcher {
		u.dispatcher.Lift()
	}
	if u.servers != other.servers {
		u.servers.Close()
	}
}

// standings tells the operator how the servers of the upstream are.
func (u *upstream) standings() []ledger.Server {
	var all []ledger.Server
	for _, s := range u.servers.Standings() {
		all = append(all, ledger.Server{
			Upstream: u.name, Server: s.Server, State: string(s.State), InFlight: s.InFlight,
			Requests: s.Requests, Failures: s.Failures, FailedOver: s.FailedOver, Ejections: s.Ejections,
			Checks: s.Checks, FailedChecks: s.FailedChecks,
		})
	}
	return all
}
