package demo

import (
	"context"
	"net/http"
	"sync"
)

// crowd is all simulated clients.
type crowd struct {
	transport *http.Transport
	running   sync.WaitGroup
}

// gather starts so many clients per lane, until ctx ends. Those without the
// proxy talk to the origin.
func gather(ctx context.Context, n int, lanes []*lane, k *knob, proxy, origin string) *crowd {
	c := &crowd{transport: &http.Transport{MaxIdleConnsPerHost: MaxClients, DisableCompression: true}}
	shared := &http.Client{Transport: c.transport}
	for _, l := range lanes {
		server := proxy
		if l.name == Direct {
			server = origin
		}
		for i := range n {
			one := &client{lane: l, number: i, knob: k, http: shared, server: server, watch: l.ways[i%len(l.ways)]}
			c.running.Go(func() { one.run(ctx) }) // waited for by disperse
		}
	}
	return c
}

// disperse waits for the clients, whose context has ended.
func (c *crowd) disperse() {
	c.running.Wait()
	c.transport.CloseIdleConnections()
}
