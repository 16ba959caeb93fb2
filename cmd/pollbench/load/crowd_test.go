package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestACrowdSeesEverySnapshotAndTellsWhoWasDropped(t *testing.T) {
	leave := make(chan struct{})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, "one\ntwo\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-leave:
		case <-r.Context().Done():
		}
	})
	var seen sync.WaitGroup
	seen.Add(20)
	c := NewCrowd(address, func(m *Member, snapshot []byte, wire int64) {
		if m.Kind != NDJSON || m.Number < 0 || m.Number >= 10 || len(snapshot) != 3 || wire < 0 {
			t.Errorf("%+v, %q, %d bytes", m, snapshot, wire)
		}
		seen.Done()
	})
	defer c.Close()
	if err := c.Subscribe(t.Context(), NDJSON, "/x", 10); err != nil || c.Size() != 10 {
		t.Fatal(c.Size(), err)
	}
	seen.Wait()
	if lost := c.Dropped(); len(lost) != 0 {
		t.Error(lost)
	}
	close(leave)
	c.running.Wait()
	if lost := c.Dropped(); len(lost) != 10 || !strings.Contains(lost[0].Error(), "ndjson") {
		t.Error(lost)
	}
}

func TestAMemberThatLeavesByItselfWasNotDropped(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	c := NewCrowd(address, func(*Member, []byte, int64) {})
	if err := c.Subscribe(t.Context(), SSE, "/x", 3); err != nil {
		t.Fatal(err)
	}
	if c.Close(); len(c.Dropped()) != 0 {
		t.Error(c.Dropped())
	}
}

func TestACrowdThatIsRefusedSaysWhy(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotAcceptable) })
	c := NewCrowd(address, func(*Member, []byte, int64) {})
	defer c.Close()
	if err := c.Subscribe(t.Context(), SSE, "/x", 3); err == nil || !strings.Contains(err.Error(), "406") {
		t.Error(err)
	}
}

func TestTheEndOfTheContextEndsJoining(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := listen(t, func(ctx context.Context, _ net.Conn, in *bufio.Reader) {
		_, _ = in.ReadString('\n')
		cancel()
		<-ctx.Done()
	})
	c := NewCrowd(address, func(*Member, []byte, int64) {})
	defer c.Close()
	if err := c.Subscribe(ctx, SSE, "/x", 2); err == nil {
		t.Error("a server that does not answer was joined")
	}
}

func TestClientsOfTheBareLoopSayHowLongTheirMessagesAre(t *testing.T) {
	address := listen(t, func(ctx context.Context, c net.Conn, in *bufio.Reader) {
		if line, _ := in.ReadString('\n'); line == "7\n" {
			_, _ = io.WriteString(c, "message"+"another")
		}
		<-ctx.Done()
	})
	messages := make(chan string, 4)
	c := NewCrowd(address, func(_ *Member, message []byte, _ int64) { messages <- string(message) })
	defer c.Close()
	if err := c.Receive(t.Context(), 7, 1); err != nil {
		t.Fatal(err)
	}
	if first, second := <-messages, <-messages; first != "message" || second != "another" {
		t.Errorf("%q, %q", first, second)
	}
}
