package observe

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestAPanicIsNotSeenByWhoeverIsServed(t *testing.T) {
	var log bytes.Buffer
	o := New(Limits{}, slog.New(slog.NewTextHandler(&log, nil)))
	defer o.Close()
	broken := o.Route(Policy{Interval: time.Second, Share: config.SharePublic}) // without a policy of sharing
	h := parse(t, "GET /x HTTP/1.1\r\nHost: a")
	if look := broken.Begin(h, share.Ask{}, Client{}, time.Now()); look != nil {
		t.Error("it began")
	}
	route := o.Route(Policy{Interval: time.Second, Timeout: time.Second, Configured: policyOf(config.DefaultRoute(), config.SharePublic)})
	for _, breaks := range []func(x *Look){
		func(x *Look) { x.glances[0].vary = nil }, func(x *Look) { x.glances[0].resource = nil }, func(x *Look) { x.route = &Route{observer: o, lenses: []*lens{nil}} },
	} {
		look := route.Begin(h, share.Ask{}, Client{}, time.Now())
		breaks(look)
		body := look.Tap(&origin.Response{Status: 200, Length: 4, Body: io.NopCloser(strings.NewReader("body"))})
		if got, err := io.ReadAll(body); err != nil || string(got) != "body" || body.Close() != nil {
			t.Errorf("relayed %q, %v", got, err)
		}
		look = route.Begin(h, share.Ask{}, Client{}, time.Now())
		breaks(look)
		look.Failed(time.Now())
	}
	if n := strings.Count(log.String(), "could not be observed"); n < 3 {
		t.Errorf("%d panics are logged\n%s", n, log.String())
	}
	if seen := route.Observed(); seen.Requests != 6 {
		t.Errorf("%+v", seen)
	}
}
