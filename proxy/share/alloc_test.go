package share_test

import (
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestMakingAKeyAgainAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes sync.Pool forget")
	}
	for i := range routes {
		for _, name := range []string{"chrome", "firefox", "safari", "curl", "axios", "go", "behind a proxy", "python"} {
			p, h := route(i), parse(t, heads[name])
			p.Learn([]string{"accept-language", "x-forwarded-proto"})
			ask := share.Ask{Query: []string{"wait", "wait_etag"}, Accept: name == "safari"}
			var k share.Key
			p.Make(&k, h, ask)
			if n := testing.AllocsPerRun(200, func() { p.Make(&k, h, ask) }); n != 0 {
				t.Errorf("route %d, %s: %v allocations", i, name, n)
			}
		}
	}
}

func TestDecidingAllocatesNothing(t *testing.T) {
	h := parse(t, heads["chrome"])
	p := policy(nil)
	k := made(p, h)
	if n := testing.AllocsPerRun(200, func() {
		_, _, _, _ = p.Coalescable(h), k.Current(), (k.Audience() != share.Everybody), k.Identity()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMake(b *testing.B) {
	for _, name := range []string{"chrome", "curl"} {
		b.Run(name, func(b *testing.B) {
			p, h := policy(nil), parse(b, heads[name])
			benchmarkMake(b, p, h)
		})
	}
}

func benchmarkMake(b *testing.B, p *share.Policy, h *head.Head) {
	b.Helper()
	var k share.Key
	b.ReportAllocs()
	for b.Loop() {
		p.Make(&k, h, share.Ask{})
	}
}
