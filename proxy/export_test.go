package proxy

import "time"

// waiting is how many clients are held or wait for a poll.
func (p *Proxy) waiting() (n int) {
	for _, info := range p.feeds.List(time.Now()) {
		n += info.Clients
	}
	return n
}

// connections is how many clients are connected.
func (r *rig) connections() int {
	r.proxy.gate.mu.Lock()
	defer r.proxy.gate.mu.Unlock()
	return len(r.proxy.gate.conns)
}
