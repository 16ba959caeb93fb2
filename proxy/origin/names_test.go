package origin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// namedRig is a client of http://origin.test, which a zone says is at 127.0.0.1.
// Each server answers with its address.
type namedRig struct {
	*rig
	zone *zone
}

func newNamedRig(t *testing.T) *namedRig {
	t.Helper()
	r := &namedRig{newRig(t, plain("127.0.0.1")), newZone(t, "127.0.0.1")}
	r.client.Close()
	r.url.Host = net.JoinHostPort("origin.test", r.url.Port())
	r.client = NewClient(r.url, nil)
	r.names().resolver = r.zone.Resolver
	return r
}

func (r *namedRig) names() *names { return r.client.pool.dialer.names }

// listenAt starts another server, on the same port of another address.
func (r *namedRig) listenAt(address string) *legacy.Faulty {
	r.t.Helper()
	f := legacy.NewFaulty(plain(address), nil)
	if err := f.Listen(net.JoinHostPort(address, r.url.Port())); err != nil {
		r.t.Skip(err) // 127.0.0.2 is not everywhere
	}
	r.t.Cleanup(f.Close)
	r.t.Cleanup(r.client.Close) // before that
	return f
}

// wants asks on a new connection, and waits for the lookup that this may have
// caused.
func (r *namedRig) wants(body string) {
	r.t.Helper()
	r.dropIdle()
	r.expect(get("/"), 200, body)
	r.settle()
}

func (r *namedRig) dropIdle() {
	for c := r.client.pool.pop(); c != nil; c = r.client.pool.pop() {
		_ = c.Close()
	}
}

// settle waits for the lookup under way.
func (r *namedRig) settle() {
	n := r.names()
	await.Until(r.t, "the lookup ends", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.pending == nil
	})
}

// passes makes so much time pass since the last lookup.
func (r *namedRig) passes(d time.Duration) {
	n := r.names()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = n.asked.Add(-d)
}

func TestAnOriginThatMovesIsFollowedWithoutWaitingForTheNameServer(t *testing.T) {
	r := newNamedRig(t)
	r.listenAt("127.0.0.2")
	r.wants("127.0.0.1")
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.2")
	r.wants("127.0.0.1") // what was looked up holds for a while
	r.passes(namesTTL + 1)
	r.wants("127.0.0.1") // this one has it looked up
	r.wants("127.0.0.2")
	if n := r.zone.queries.Load(); n != 2 {
		t.Errorf("%d lookups", n)
	}
}

func TestAConnectionIsNotUsedForLongerThanAnOriginTakesToMove(t *testing.T) {
	r := newNamedRig(t)
	r.listenAt("127.0.0.2")
	r.wants("127.0.0.1")
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.2")
	r.passes(namesTTL + 1)
	for range 2 { // the first has it looked up
		r.client.pool.mu.Lock()
		for _, c := range r.client.pool.idle { // none, if it is known already where the server is
			c.born = time.Now().Add(-maxAge)
		}
		r.client.pool.mu.Unlock()
		if _, _, err := r.do(get("/")); err != nil {
			t.Fatal(err)
		}
		r.settle()
	}
	r.expect(get("/"), 200, "127.0.0.2")
}

func TestAnOriginThatLeftIsLookedForAtOnce(t *testing.T) {
	r := newNamedRig(t)
	r.listenAt("127.0.0.2")
	r.wants("127.0.0.1")
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.2")
	r.passes(2 * namesPause)
	r.Faulty.Close()
	r.expect(post("/", strings.NewReader("order"), 5), 200, "127.0.0.2") // nothing of it was sent before
}

func TestTheLastGoodAddressesOutliveTheNameServer(t *testing.T) {
	r := newNamedRig(t)
	r.wants("127.0.0.1")
	for name, breaks := range map[string]func(){
		"no such name":  func() { r.zone.says(dnsmessage.RCodeNameError) },
		"no address":    func() { r.zone.says(dnsmessage.RCodeSuccess) },
		"its failure":   func() { r.zone.says(dnsmessage.RCodeServerFailure) },
		"refused":       func() { r.zone.says(dnsmessage.RCodeRefused) },
		"metadata only": func() { r.zone.says(dnsmessage.RCodeSuccess, "169.254.169.254", "fd00:ec2::254") },
	} {
		breaks()
		before := r.zone.queries.Load()
		for range 3 {
			r.passes(namesTTL + 1)
			r.wants("127.0.0.1")
		}
		if r.zone.queries.Load() == before {
			t.Errorf("%s: nobody asked", name)
		}
	}
	r.zone.saysNothing()
	r.passes(namesTTL + 1)
	for range 10 {
		r.dropIdle()
		begin := time.Now()
		r.expect(get("/"), 200, "127.0.0.1")
		if took := time.Since(begin); took > lookupPatience {
			t.Errorf("a silent name server: %v", took)
		}
	}
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.1")
	r.settle()
}

func TestANameThatIsNotThereIsUnreachableUntilItIs(t *testing.T) {
	r := newNamedRig(t)
	r.zone.says(dnsmessage.RCodeNameError)
	for range 2 {
		_, err := r.client.Do(soon(t), get("/"))
		if !errors.Is(err, ErrUnreachable) || !Unsent(err) {
			t.Errorf("got %v", err)
		}
	}
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.1")
	r.wants("127.0.0.1")
}

func TestASilentNameServerKeepsNobodyLongerThanItsTimeout(t *testing.T) {
	r := newNamedRig(t)
	r.zone.saysNothing()
	req := get("/")
	req.Timeout = 50 * time.Millisecond
	if _, err := r.client.Do(soon(t), req); !errors.Is(err, ErrTimeout) || !Unsent(err) {
		t.Errorf("got %v", err)
	}
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.1")
	r.wants("127.0.0.1")
}

// TestWhoGivesUpWhileConnectingSuspectsNoAddress: a client that leaves says nothing about
// where the server is, and must not have others wait for a name server.
func TestWhoGivesUpWhileConnectingSuspectsNoAddress(t *testing.T) {
	r := newNamedRig(t)
	r.wants("127.0.0.1")
	r.dropIdle()
	ctx, leave := context.WithCancel(t.Context())
	r.client.pool.dialer.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		leave()
		return swallow(ctx, network, address, c)
	}
	if _, _, err := readAll(r.client.Do(ctx, get("/"))); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	r.client.pool.dialer.ControlContext = nil
	r.passes(2 * namesPause)
	r.wants("127.0.0.1")
	if n := r.zone.queries.Load(); n != 1 {
		t.Errorf("%d lookups", n)
	}
	if gaveUp(ctx, lookupPatience) {
		t.Error("addresses that swallow everything are not suspect")
	}
}

func TestManyWhoComeAtOnceAreOneLookup(t *testing.T) {
	r := newNamedRig(t)
	var clients sync.WaitGroup
	for range 50 {
		clients.Go(func() {
			if _, _, err := r.do(get("/")); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	if n := r.zone.queries.Load(); n != 1 {
		t.Errorf("%d lookups", n)
	}
}

func TestEveryAddressIsTriedAndTheGoodOneRemembered(t *testing.T) {
	r := newNamedRig(t)
	var all []string
	for i := range 49 {
		all = append(all, fmt.Sprintf("127.0.1.%d", i+1)) // nobody listens
	}
	r.zone.says(dnsmessage.RCodeSuccess, append(all, "127.0.0.1")...)
	r.wants("127.0.0.1")
	known, err := r.names().addresses(t.Context())
	if err != nil || len(known) != 50 || known[0].String() != "127.0.0.1" {
		t.Errorf("known are %v, %v", known, err)
	}
}

func TestAnAddressThatSwallowsEverythingCostsAMoment(t *testing.T) {
	r := newNamedRig(t)
	var tries sync.Map
	r.client.pool.dialer.ControlContext = func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		tries.Store(address, true)
		if !strings.HasPrefix(address, "127.0.0.1:") {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.7", "127.0.0.8", "127.0.0.1")
	begin := time.Now()
	r.wants("127.0.0.1")
	if took := time.Since(begin); took < 2*dialDelay || took > await.Patience/2 {
		t.Errorf("it took %v", took)
	}
	tries.Clear()
	r.wants("127.0.0.1")
	if _, dead := tries.Load(net.JoinHostPort("127.0.0.7", r.url.Port())); dead {
		t.Error("the dead one was tried first again")
	}
	r.passes(namesTTL + 1)
	r.wants("127.0.0.1") // this one has it looked up
	tries.Clear()
	r.wants("127.0.0.1")
	if _, dead := tries.Load(net.JoinHostPort("127.0.0.7", r.url.Port())); dead {
		t.Error("the dead one was tried first once the name had been looked up again")
	}
}

func TestANameDoesNotLeadToWhatIsNoOrigin(t *testing.T) {
	for _, c := range []struct{ known, found, want string }{
		{"", "10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2"},
		{"", "127.0.0.1 ::1", "127.0.0.1 ::1"},
		{"127.0.0.1", "127.0.0.2 10.0.0.1", "127.0.0.2 10.0.0.1"},
		{"10.0.0.1", "127.0.0.1 ::1 10.0.0.2", "10.0.0.2"},
		{"10.0.0.1", "::ffff:127.0.0.1", ""},
		{"", "169.254.169.254 ::ffff:169.254.169.254 fd00:ec2::254 169.254.171.1", "169.254.171.1"},
		{"", "0.0.0.0 :: 224.0.0.1 ff02::1", ""},
		{"", "2001:db8::1 2001:db8::2 2001:db8::3 10.0.0.1 10.0.0.2", "2001:db8::1 10.0.0.1 2001:db8::2 10.0.0.2 2001:db8::3"},
	} {
		n := names{known: parseAddrs(c.known)}
		if got := n.acceptable(parseAddrs(c.found)); !slices.Equal(got, parseAddrs(c.want)) {
			t.Errorf("from %q, %s: %v, want %s", c.known, c.found, got, c.want)
		}
	}
	many := make([]netip.Addr, 4000)
	for i := range many {
		many[i] = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
	}
	if got := new(names).acceptable(many); len(got) != maxAddresses {
		t.Errorf("%d addresses are tried", len(got))
	}
}

func parseAddrs(text string) (all []netip.Addr) {
	for field := range strings.FieldsSeq(text) {
		all = append(all, netip.MustParseAddr(field))
	}
	return all
}
