package observe

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/origin"
)

// encoders are for the content codings of the web.
var encoders = map[string]func([]byte) []byte{
	"gzip":    func(p []byte) []byte { return fasthttp.AppendGzipBytes(nil, p) },
	"deflate": func(p []byte) []byte { return fasthttp.AppendDeflateBytes(nil, p) },
	"br":      func(p []byte) []byte { return fasthttp.AppendBrotliBytes(nil, p) },
	"zstd":    func(p []byte) []byte { return fasthttp.AppendZstdBytes(nil, p) },
}

// encoded asks as a client that takes everything, and is answered in a coding.
func (r *rig) encoded(coding string, body []byte) {
	r.ask("/x", []string{"Accept-Encoding: gzip, deflate, br, zstd"}, Client{}, 0, 0, func() said {
		return said{body: string(body), fields: []string{"Content-Encoding", strings.ToUpper(coding), "Vary", "Accept-Encoding"}}
	})
}

func TestABodyIsTheSameInEveryContentCoding(t *testing.T) {
	for coding, encode := range encoders {
		first, second := encode([]byte(`{"v":1}`)), encode([]byte(`{"v":2}`))
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{}, nil)
			r.get("a", `{"v":1}`)
			r.settled()
			r.encoded(coding, first)
			if o := r.settled(); o.Compared != 1 || o.Same != 1 || len(o.Unshareable) > 0 || o.WouldSaveRequests != 1 {
				t.Errorf("%s: %+v", coding, o)
			}
			r.encoded(coding, second)
			if o := r.settled(); o.Compared != 2 || o.Changed != 1 {
				t.Errorf("%s: %+v", coding, o)
			}
			if n := r.observer.held.Load(); n != 0 {
				t.Errorf("%s: %d bytes are still held", coding, n)
			}
		})
	}
}

func TestWhatIsIgnoredDoesNotDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, func(r *config.Route) { r.Ignore = []string{"/server_time"} })
		long := strings.Repeat("x", 2*small)
		for i := range 10 {
			r.get("a", fmt.Sprintf(`{"v":1, "server_time": %d}`, i))
			r.get("a", fmt.Sprintf(`{"server_time": %d, "v":1}`, -i))
		}
		if o := r.settled(); o.Compared != 19 || o.Same != 19 {
			t.Errorf("%+v", o)
		}
		r.get("a", fmt.Sprintf(`{"v":%q, "server_time": 1}`, long))
		r.get("a", "no JSON")
		if o := r.settled(); o.Compared != 21 || o.Same != 19 || r.observer.held.Load() != 0 {
			t.Errorf("%+v, %d bytes held", o, r.observer.held.Load())
		}
	})
}

func TestABodyThatIsTooLongToReadIsNotCompared(t *testing.T) {
	bomb := encoders["gzip"](make([]byte, 1<<20))
	for name, body := range map[string]said{
		"long": {body: strings.Repeat("x", 5000)},
		"bomb": {body: string(bomb), fields: []string{"Content-Encoding", "gzip"}},
		"junk": {body: "no gzip", fields: []string{"Content-Encoding", "gzip"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{Body: 4096}, func(r *config.Route) { r.Ignore = []string{"/a"} })
			r.get("a", "x")
			r.settled()
			r.ask("/x", []string{"Accept-Encoding: gzip"}, Client{}, 0, 0, func() said { return body })
			if o := r.settled(); o.Compared != 0 || o.WouldSaveRequests != 1 || r.observer.held.Load() != 0 {
				t.Errorf("%s: %+v, %d bytes held", name, o, r.observer.held.Load())
			}
		})
	}
}

func TestNoMoreIsHeldThanThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, func(r *config.Route) { r.Ignore = []string{"/a"} })
		piece := make([]byte, 1<<20)
		var open []io.ReadCloser
		for range 100 {
			look := r.Begin(parse(t, "GET /x HTTP/1.1\r\nHost: a"), ask(), Client{}, time.Now())
			body := look.Tap(&origin.Response{Status: 200, Length: -1, Body: io.NopCloser(bytes.NewReader(piece))})
			if n, err := io.Copy(io.Discard, body); n != 1<<20 || err != nil {
				t.Fatalf("relayed %d, %v", n, err)
			}
			if held := r.observer.held.Load(); held > maxHeld {
				t.Fatalf("%d bytes are held", held)
			}
			open = append(open, body)
		}
		for _, body := range open {
			_ = body.Close()
		}
		r.settled()
		if n := r.observer.held.Load(); n != 0 {
			t.Errorf("%d bytes are still held", n)
		}
	})
}

func TestAfterCloseNothingIsReadAndNothingWaits(t *testing.T) {
	x := encoders["gzip"]([]byte("x"))
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.observer.Close()
		for range 2 * queued {
			r.encoded("gzip", x)
		}
		if o := r.Observed(); o.Requests != 2*queued {
			t.Errorf("%+v", o)
		}
	})
}

func TestANameThatMayBeAValueIsNotReported(t *testing.T) {
	for text, want := range map[string]string{
		"sid": "sid", "X-User-Id": "X-User-Id", "a.b_c": "a.b_c", "": "(unnamed)", "a/b": "(unnamed)", "a=b": "(unnamed)",
		"ä": "(unnamed)", "%41": "(unnamed)", "a\tb": "(unnamed)", strings.Repeat("a", 65): "(unnamed)", "<b>": "(unnamed)",
	} {
		if got := plain([]byte(text)); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, func(r *config.Route) { r.Key.IgnoreQuery = config.Globs{"*"} })
		for range 10 {
			for _, token := range []string{"s3cr3t-1", "s3cr3t-2"} {
				r.ask("/x?"+token, []string{"Cookie: " + token}, Client{}, 1, 0, func() said { return said{body: token} })
			}
		}
		if o := r.Observed(); o.Differing == 0 || strings.Contains(fmt.Sprintf("%+v", o), "s3cr3t") || best(o).Name != "(unnamed)" {
			t.Errorf("%+v", o)
		}
	})
}
