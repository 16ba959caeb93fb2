package origin

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// move has the name lead to another address, as whoever looks after idle connections
// finds out.
func (r *namedRig) move(addrs ...string) {
	r.t.Helper()
	r.zone.says(dnsmessage.RCodeSuccess, addrs...)
	r.passes(namesTTL + 1)
	r.client.pool.reap()
	r.settle()
}

func TestAnIdleConnectionToWhereTheServerIsNoMoreIsNotUsed(t *testing.T) {
	r := newNamedRig(t)
	r.listenAt("127.0.0.2")
	r.wants("127.0.0.1")
	r.move("127.0.0.2", "127.0.0.1")
	r.expect(get("/"), 200, "127.0.0.1") // it still is there
	r.move("127.0.0.2")
	r.expect(get("/"), 200, "127.0.0.2")
	r.move("127.0.0.1")
	r.client.pool.reap()
	if n := r.idle(); n != 0 {
		t.Errorf("%d idle connections", n)
	}
	r.zone.says(dnsmessage.RCodeServerFailure)
	r.expect(get("/"), 200, "127.0.0.1")
	r.passes(namesTTL + 1)
	r.client.pool.reap()
	r.settle()
	if n := r.idle(); n != 1 {
		t.Errorf("%d idle connections after a name server's failure", n)
	}
}

func TestARequestUnderWayOutlivesTheMoveOfItsServer(t *testing.T) {
	r := newNamedRig(t)
	r.listenAt("127.0.0.2")
	letGo := make(chan struct{})
	r.Break(legacy.HangMidBody(3, letGo), "/")
	r.dropIdle()
	resp, err := r.client.Do(soon(t), get("/"))
	if err != nil {
		t.Fatal(err)
	}
	r.zone.says(dnsmessage.RCodeSuccess, "127.0.0.2")
	r.passes(namesTTL + 1)
	r.names().refresh(r.names().asked.Add(namesTTL + 1))
	r.settle()
	close(letGo)
	if _, body, err := readAll(resp, nil); err != nil || body != "127.0.0.1" {
		t.Errorf("got %q, %v", body, err)
	}
	if n := r.idle(); n != 0 {
		t.Errorf("%d idle connections", n)
	}
	r.expect(get("/"), 200, "127.0.0.2")
}
