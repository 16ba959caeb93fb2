package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

var noStore = legacy.Answer{Header: http.Header{"Cache-Control": {"no-cache, no-store, must-revalidate"}}, Body: []byte("v")}

func TestTheOperatorIsToldOnceThatNoStoreKeepsPollsFromBeingShared(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.origin.Answer(noStore)
	for range 5 {
		r.get("/x").want(t, 200, "v")
		r.get("/y").want(t, 200, "v")
	}
	if r.polls() != 10 || strings.Count(r.log.String(), "share_no_store: true") != 1 {
		t.Errorf("%d polls, and in the log:\n%s", r.polls(), r.log)
	}
}

func TestNoStoreIsSharedWithoutCredentialsWhereTheOperatorSaysSo(t *testing.T) {
	for _, share := range []string{"auto", "public"} {
		r := newRig(t, "interval: 1h", "share_no_store: true", "share: "+share)
		r.origin.Answer(noStore)
		for range 5 {
			a := r.get("/x")
			a.want(t, 200, "v")
			if got := a.Header.Get("Cache-Control"); got != noStore.Header.Get("Cache-Control") {
				t.Errorf("Cache-Control: %q", got)
			}
		}
		if r.polls() != 1 || strings.Contains(r.log.String(), "share_no_store") {
			t.Errorf("%d polls, and in the log:\n%s", r.polls(), r.log)
		}
	}
}

func TestNoStoreIsNotSharedAmongThoseWithOneApiKey(t *testing.T) {
	r := newRig(t, "interval: 1h", "share_no_store: true")
	r.origin.Answer(noStore)
	for range 5 {
		r.get("/x", "X-Api-Key", "of an application").want(t, 200, "v")
	}
	if r.polls() != 5 {
		t.Errorf("%d polls", r.polls())
	}
}
