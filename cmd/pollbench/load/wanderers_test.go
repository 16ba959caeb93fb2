package load

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
)

func TestWanderersAskForEachURLOnceAndComeFromTheirAddresses(t *testing.T) {
	var mu sync.Mutex
	asked, from := map[string]int{}, map[string]int{}
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		from[ip]++
		w.Header().Set("Content-Length", "0")
	})
	w := &Wanderers{
		Address: address, Clients: 4, From: []net.IP{net.IPv4(127, 0, 0, 1)}, Count: 50,
		Target: func(n int64) string { return fmt.Sprintf("/%d", n) },
	}
	if err := w.Run(t.Context()); err != nil || w.Asked.Load() != 50 || w.Answered.Load() != 50 {
		t.Error(err, w.Asked.Load(), w.Answered.Load())
	}
	if len(asked) != 50 || asked["/1"] != 1 || asked["/50"] != 1 || from["127.0.0.1"] != 50 {
		t.Error(asked, from)
	}
}

func TestAWandererThatIsRefusedSaysWhere(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	w := &Wanderers{Address: address, Clients: 1, Count: 5, Target: func(int64) string { return "/x" }}
	if err := w.Run(t.Context()); err == nil || w.Answered.Load() != 0 || w.Asked.Load() != 1 {
		t.Error(err, w.Answered.Load(), w.Asked.Load())
	}
}
