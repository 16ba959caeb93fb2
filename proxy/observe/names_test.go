package observe

import (
	"slices"
	"testing"
)

func TestATraitIsBlamedIfItWasOneWithTheOneBodyAndAnotherWithTheOther(t *testing.T) {
	const name = 5
	fields := func(value uint32) []field {
		if value == 0 {
			return []field{{1, 1}, {9, 9}}
		}
		return []field{{1, 1}, {name, value}, {9, 9}}
	}
	for _, test := range []struct {
		first, between, again uint32
		separates, fails      int64
	}{
		{7, 8, 7, 1, 0}, {0, 8, 0, 1, 0}, {7, 0, 7, 1, 0}, // it separates
		{7, 7, 7, 0, 1}, {7, 7, 8, 0, 1}, {8, 7, 7, 0, 1}, {0, 0, 7, 0, 1}, // it cannot be the reason
		{7, 8, 9, 0, 0}, {7, 8, 0, 0, 0}, // nobody knows
	} {
		n := names{1: {}, name: {}}
		n.blame(fields(test.first), fields(test.between), fields(test.again))
		if got := n[name]; got.separates != test.separates || got.fails != test.fails {
			t.Errorf("%+v: %+v", test, got)
		}
		if n[1].separates != 0 || n[1].fails != 1 {
			t.Errorf("%+v: what is always the same %+v", test, n[1])
		}
	}
}

func TestWhatExplainsMoreIsReportedFirstAndOfEqualsTheLikelier(t *testing.T) {
	n := names{
		1: {kind: connection, text: "connection", separates: 10}, 2: {kind: cookie, text: "_ga", separates: 10},
		3: {kind: address, text: "client address", separates: 10}, 4: {kind: header, text: "User-Agent", separates: 10},
		5: {kind: cookie, text: "sid", separates: 10}, 6: {kind: credential, text: "Authorization", separates: 10},
		7: {kind: query, text: "u", separates: 10}, 8: {kind: header, text: "X-Most", separates: 11},
		9: {kind: header, text: "X-Half", separates: 10, fails: 10}, 10: {kind: header, text: "X-Less", separates: 1, fails: 2},
	}
	var got []string
	for _, s := range n.separators() {
		got = append(got, s.Kind+" "+s.Name)
	}
	want := []string{
		"header X-Most", "header Authorization", "cookie sid", "header User-Agent", "cookie _ga", "query u", "address client address",
		"connection connection",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	delete(n, 8)
	if all := n.separators(); all[len(all)-1].Name != "X-Half" || all[len(all)-1].Explains != 0.5 || all[len(all)-1].Pairs != 20 {
		t.Errorf("%+v", all)
	}
}

func TestCredentialsAreKnownAsSuch(t *testing.T) {
	o := New(Limits{}, nil)
	defer o.Close()
	var all traits
	all.collect(o, parse(t, "GET /x?a=1&b HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: x\r\nCookie: sid=1; b\r\nx_api_key: 1\r\nAccept: */*\r\n"+
		"Traceparent: 1\r\nX-Request-Id: 2\r\nIf-None-Match: 3\r\nX-Forwarded-For: 4\r\nX-Forwarded-Proto: https\r\nVia: 5\r\nCache-Control: no-cache"), Client{})
	kinds := map[string]kind{}
	for _, t := range all.all[:all.n] {
		kinds[string(t.text)+"|"+t.kind.String()] = t.kind
	}
	for _, want := range []string{"AUTHORIZATION|header", "x_api_key|header"} {
		if k, ok := kinds[want]; !ok || k != credential {
			t.Errorf("%s is no credential", want)
		}
	}
	if all.n != 9 { // those two, two cookies, Accept, two parameters, address and connection
		t.Errorf("%d traits: %v", all.n, kinds)
	}
	if a, b := o.nameHash(header, []byte("X-Own_Name")), o.nameHash(header, []byte("x_own-name")); a != b {
		t.Error("a header's name depends on its spelling")
	}
}
