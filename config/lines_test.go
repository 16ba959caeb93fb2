package config

import "testing"

func TestARouteKnowsItsLine(t *testing.T) {
	c, err := Parse("test.yaml", []byte("upstreams: {api: {servers: [http://127.0.0.1:1]}}\nroutes:\n  - {path: /a, upstream: api}\n\n  - path: /b\n    upstream: api\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil { // as whoever uses it does again
		t.Fatal(err)
	}
	if c.RouteLine(0) != 3 || c.RouteLine(1) != 5 || c.RouteLine(2) != 0 {
		t.Errorf("lines %d, %d, %d", c.RouteLine(0), c.RouteLine(1), c.RouteLine(2))
	}
	if Default().RouteLine(0) != 0 {
		t.Error("what comes from no file has a line")
	}
}
