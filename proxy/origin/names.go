package origin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// namesTTL is how long the addresses of a name are used before it is looked
	// up again. The system's resolver does not tell what the zone says.
	namesTTL = 30 * time.Second

	// namesPause is how long a failed lookup, or one that changed nothing, is
	// taken for an answer while any address is known. With none, each request
	// waits for a lookup, one at a time.
	namesPause = time.Second

	// lookupTimeout bounds a lookup, and lookupPatience how long it is waited
	// for by those who have addresses that may be good still.
	lookupTimeout  = 10 * time.Second
	lookupPatience = time.Second

	// maxAddresses bounds the addresses of a name that are tried.
	maxAddresses = 64
)

// names are the addresses of one host. They are looked up again and again, so
// that an origin that moves is followed, but a resolver that is slow or fails
// costs nobody anything as long as the last addresses are good.
type names struct {
	host     string
	resolver *net.Resolver
	ttl      time.Duration // a little less than namesTTL, so that not all are looked up at once

	mu      sync.Mutex
	known   []netip.Addr  // the last good ones, the one that worked last first
	asked   time.Time     // when a lookup ended last
	suspect bool          // none of the known ones could be reached
	failure error         // of the last lookup
	pending chan struct{} // closed when the lookup under way ends; nil if there is none

	moves atomic.Int64 // times that the known ones became others
}

func newNames(host string) *names {
	n := &names{host: host, resolver: net.DefaultResolver, ttl: namesTTL - rand.N(namesTTL/8)}
	if a, err := netip.ParseAddr(host); err == nil {
		n.known = []netip.Addr{a}
	}
	return n
}

// isLiteral reports whether the host is an address, not a name.
func (n *names) isLiteral() bool {
	_, err := netip.ParseAddr(n.host)
	return err == nil
}

// addresses returns where to try, in this order. It waits for a lookup only if
// nothing is known that seems good.
func (n *names) addresses(ctx context.Context) ([]netip.Addr, error) {
	pending, known := n.look(time.Now())
	if pending == nil {
		return known, nil
	}
	if len(known) > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, lookupPatience)
		defer cancel()
	}
	select {
	case <-pending:
	case <-ctx.Done():
		if len(known) == 0 {
			return nil, ctx.Err()
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) == 0 {
		return nil, n.failure
	}
	return slices.Clone(n.known), nil
}

// look starts a lookup if it is time for one. It returns the one under way only
// if that should be waited for.
func (n *names) look(now time.Time) (pending <-chan struct{}, known []netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	age, known := now.Sub(n.asked), slices.Clone(n.known)
	switch {
	case n.isLiteral():
		return nil, known
	case n.pending != nil:
	case len(known) == 0, age > n.ttl, age > namesPause && (n.suspect || n.failure != nil):
		n.pending = make(chan struct{})
		go n.lookup() // ends by itself, after lookupTimeout
	}
	if len(known) > 0 && !n.suspect {
		return nil, known
	}
	return n.pending, known
}

func (n *names) lookup() {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	found, err := n.resolver.LookupNetIP(ctx, "ip", n.host)
	n.mu.Lock()
	defer n.mu.Unlock()
	found = n.acceptable(found)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s has no address that may be used", n.host)
	}
	if err == nil {
		if len(n.known) > 0 && !isSameSet(n.known, found) {
			n.moves.Add(1)
		}
		worked := n.known
		if n.known = found; len(worked) > 0 && !n.suspect {
			n.preferLocked(worked[0])
		}
		n.suspect = false
	}
	n.failure, n.asked = err, time.Now()
	close(n.pending)
	n.pending = nil
}

// isSameSet reports whether two lists without repetitions have the same addresses.
func isSameSet(a, b []netip.Addr) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(one netip.Addr) bool { return !slices.Contains(b, one) })
}

// refresh has a name looked up that is used but not dialed, when it is time.
func (n *names) refresh(now time.Time) { _, _ = n.look(now) }

// has reports whether an address is one of the host's.
func (n *names) has(a netip.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.known, a)
}

// reached notes which address worked: it is tried first from now on.
func (n *names) reached(a netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.suspect = false
	n.preferLocked(a)
}

// preferLocked has an address tried first, if it is one of the known ones.
func (n *names) preferLocked(a netip.Addr) {
	if i := slices.Index(n.known, a); i > 0 {
		n.known = append([]netip.Addr{a}, slices.Delete(slices.Clone(n.known), i, i+1)...)
	}
}

// unreachable notes that none of the addresses worked.
func (n *names) unreachable() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.suspect = true
}

// metadata is where clouds tell a machine its secrets.
var metadata = [...]netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}

// acceptable leaves out where no origin is: who controls a name must not be able
// to point the proxy at what only this machine may reach. A name that was
// elsewhere before does not move to the machine itself.
func (n *names) acceptable(found []netip.Addr) (good []netip.Addr) {
	moved := len(n.known) > 0 && !slices.ContainsFunc(n.known, netip.Addr.IsLoopback)
	for _, a := range found {
		a = a.Unmap()
		if !a.IsUnspecified() && !a.IsMulticast() && !slices.Contains(metadata[:], a) && !(moved && a.IsLoopback()) {
			good = append(good, a)
		}
	}
	return alternate(good[:min(len(good), maxAddresses)])
}

// alternate takes the two families in turn (RFC 8305 section 4), beginning with
// the first one's.
func alternate(all []netip.Addr) (mixed []netip.Addr) {
	var same, other []netip.Addr
	for _, a := range all {
		if a.Is4() == all[0].Is4() {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	for i := range all {
		if i < len(same) {
			mixed = append(mixed, same[i])
		}
		if i < len(other) {
			mixed = append(mixed, other[i])
		}
	}
	return mixed
}
