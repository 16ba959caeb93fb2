package proxy

import (
	"crypto/tls"
	"errors"
	"log/slog"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/origin"
)

// upstream is a configured upstream: its servers, with one line for polls and one for
// passed requests, so that neither meets what the other left on a connection.
type upstream struct {
	*config.Upstream
	name          string
	servers       *origin.Group
	polls, passes *origin.Line
	outage        feed.Outage      // of the polls
	dispatcher    *feed.Dispatcher // of what pollmux asks by itself; nil without a budget
	host          string           // sent in place of the client's; "" keeps that
}

// newUpstream fails if a file that it names is not good.
func newUpstream(name string, u *config.Upstream, by *tls.Config, agent string, log *slog.Logger) (*upstream, error) {
	if u.TLS != (config.UpstreamTLS{}) || by == nil {
		var err error
		if by, err = u.TLS.Load(); err != nil {
			return nil, located(name, err)
		}
	}
	if u.TLS.InsecureSkipVerify {
		log.Warn("certificates of servers are not verified: whoever is in between can read and change everything", "upstream", name)
	}
	own := &upstream{Upstream: u, name: name, host: u.Host, servers: origin.NewGroup(origin.GroupOptions{
		Upstream: name, Servers: u.Servers, TLS: by, Check: checkOf(u, agent), Log: log, Rest: feed.RestOf,
	})}
	own.polls, own.passes = own.servers.Polls, own.servers.Passes
	if u.Budget > 0 {
		own.dispatcher = feed.NewDispatcher(float64(u.Budget), log)
	}
	return own, nil
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

// close ends what the upstream does by itself. Requests under way go on to their ends.
func (u *upstream) close() {
	if u.dispatcher != nil {
		u.dispatcher.Close()
	}
	u.servers.Close()
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
