package share_test

import (
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestOnlyTheQueryThatCountsIsSent(t *testing.T) {
	sorting := func(r *config.Route) { r.Key.SortQuery = true }
	none := func(r *config.Route) { r.Key.IgnoreQuery = nil }
	own := func(r *config.Route) { r.Key.IgnoreQuery = config.Globs{"t", "utm_*"} }
	all := func(r *config.Route) { r.Key.IgnoreQuery = config.Globs{"*"} }
	read := []string{"wait", "wait_etag"}
	for _, test := range []struct {
		name   string
		change func(*config.Route)
		read   []string
		target string
		want   string
	}{
		{"none", nil, nil, "/x", "/x"},
		{"an empty one", nil, nil, "/x?", "/x?"},
		{"as it came", nil, nil, "/x?b=2&a=1&a=0", "/x?b=2&a=1&a=0"},
		{"oddities", nil, nil, "/x?&&a&=b&c==&;d?&%5f=1", "/x?&&a&=b&c==&;d?&%5f=1"},
		{"a cache buster", nil, nil, "/x?_=1718", "/x"},
		{"and more", nil, nil, "/x?a=1&_=1718&b=2", "/x?a=1&b=2"},
		{"first", nil, nil, "/x?_=1718&b=2", "/x?b=2"},
		{"last", nil, nil, "/x?b=2&_=1718", "/x?b=2"},
		{"twice", nil, nil, "/x?_&b=2&_=1718", "/x?b=2"},
		{"empty members stay", nil, nil, "/x?a&&_=1&", "/x?a&&"},
		{"not this one", nil, nil, "/x?__=1&_a=2&a_=3&%5F=4", "/x?__=1&_a=2&a_=3&%5F=4"},
		{"one behind a semicolon is its neighbour's", nil, nil, "/x?a=1;_=2", "/x?a=1;_=2"},
		{"what is behind its semicolon stays", nil, nil, "/x?_=1;user=2&_=3", "/x?_=1;user=2"},
		{"none ignored", none, nil, "/x?_=1", "/x?_=1"},
		{"own", own, nil, "/x?t=1&utm_source=x&utm=y&_=3&T=4", "/x?utm=y&_=3&T=4"},
		{"all", all, nil, "/x?a=1&b", "/x"},
		{"all, without a name", all, nil, "/x?=1&", "/x"},
		{"read", nil, read, "/x?wait=30&a=1&wait_etag=%22v1%22&_=1", "/x?a=1"},
		{"read, all of it", nil, read, "/x?wait=30", "/x"},
		{"read in another case", nil, read, "/x?Wait=30&w%61it=1&wait_=2", "/x?Wait=30&w%61it=1&wait_=2"},
		{"not read here", nil, nil, "/x?wait=30", "/x?wait=30"},
		{"sorted", sorting, nil, "/x?b=2&a=1", "/x?a=1&b=2"},
		{"sorted by name only", sorting, nil, "/x?a=2&b&a=1", "/x?a=2&a=1&b"},
		{"a prefix first", sorting, nil, "/x?ab=1&a=2&a-b=3&a", "/x?a=2&a&a-b=3&ab=1"},
		{"sorted and ignored", sorting, nil, "/x?b=2&_=1&a=1", "/x?a=1&b=2"},
		{"sorted and gone", sorting, nil, "/x?_=1", "/x"},
		{"sorted, one", sorting, nil, "/x?a", "/x?a"},
		{"sorted, empty", sorting, nil, "/x?", "/x?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := policy(test.change)
			k := asked(p, target(t, test.target), share.Ask{Query: test.read})
			want := made(policy(none), target(t, test.want))
			if string(k.Bytes()) != string(want.Bytes()) || wire(k) != wire(want) || k.Target() != "a"+test.want {
				t.Errorf("%s became\n%swant %s", test.target, wire(k), test.want)
			}
		})
	}
}

// The first or the last counts, depending on whom one asks.
func TestSortingKeepsTheOrderOfParametersOfOneName(t *testing.T) {
	p := policy(func(r *config.Route) { r.Key.SortQuery = true })
	different(t, p, target(t, "/x?id=2&id=1"), target(t, "/x?id=1&id=2"))
	different(t, p, target(t, "/x?id=2&b&id=1"), target(t, "/x?b&id=1&id=2"))
	same(t, p, target(t, "/x?id=2&b&id=1"), target(t, "/x?b&id=2&id=1"))
}
