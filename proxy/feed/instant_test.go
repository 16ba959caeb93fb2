package feed

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// at is a time of 2026, as HTTP writes it.
func at(clock string) string { return "Mon, 23 Nov 2026 " + clock + " GMT" }

func TestInstantOf(t *testing.T) {
	const none = "none"
	received := time.Date(2026, 11, 23, 12, 0, 10, 700e6, time.UTC) // 300 ms after it was asked for
	for _, c := range []struct {
		name      string
		lines     []string
		body      string
		at        string // none, or by our clock
		precision time.Duration
	}{
		{"nothing", nil, "", none, 0},
		{"Last-Modified", []string{"Last-Modified: " + at("12:00:05"), "Date: " + at("12:00:10")}, "", "12:00:05", time.Second},
		{"Last-Modified, no Date", []string{"Last-Modified: " + at("12:00:05")}, "", "12:00:05", time.Second},
		{"Last-Modified, garbage", []string{"Last-Modified: 12:00:05", "Date: " + at("12:00:10")}, "", none, 0},
		{"Last-Modified, RFC 850", []string{"Last-Modified: Monday, 23-Nov-26 12:00:05 GMT", "Date: " + at("12:00:10")}, "", "12:00:05", time.Second},
		{"a moment ago", []string{"Last-Modified: " + at("12:00:10"), "Date: " + at("12:00:10")}, "", "12:00:10", 700 * time.Millisecond},
		{"in the future", []string{"Last-Modified: " + at("12:00:12"), "Date: " + at("12:00:10")}, "", none, 0},
		{"in the future, no Date", []string{"Last-Modified: " + at("12:00:11")}, "", none, 0},
		{"long ago", []string{"Last-Modified: Mon, 01 Jan 1990 00:00:00 GMT", "Date: " + at("12:00:10")}, "", "-323412h", time.Second},
		{"absurd", []string{"Last-Modified: Sun, 31 Dec 1989 23:59:59 GMT", "Date: " + at("12:00:10")}, "", none, 0},
		{"1970", []string{"Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", "Date: " + at("12:00:10")}, "", none, 0},

		// Dates by a clock that is wrong: five seconds before Date, which is up to a
		// second old and was written up to 300 ms before it came.
		{"an hour behind", []string{"Last-Modified: " + at("11:00:05"), "Date: " + at("11:00:10")}, "", "12:00:04.4", 2300 * time.Millisecond},
		{"an hour ahead", []string{"Last-Modified: " + at("13:00:05"), "Date: " + at("13:00:10")}, "", "12:00:04.4", 2300 * time.Millisecond},
		{"an hour ahead, a moment ago", []string{"Last-Modified: " + at("13:00:10"), "Date: " + at("13:00:10")}, "", "12:00:09.4", 1300 * time.Millisecond},
		{"an hour ahead, in its future", []string{"Last-Modified: " + at("13:00:12"), "Date: " + at("13:00:10")}, "", none, 0},
		{"slightly behind", []string{"Last-Modified: " + at("12:00:05"), "Date: " + at("12:00:09")}, "", "12:00:05.4", 2300 * time.Millisecond},
		{"a clock that counts from the start", []string{"Last-Modified: Thu, 01 Jan 1970 00:00:05 GMT", "Date: Thu, 01 Jan 1970 00:00:10 GMT"}, "", "12:00:04.4", 2300 * time.Millisecond},
		{"absurd by our clock", []string{"Last-Modified: " + at("12:00:05"), "Date: Tue, 23 Nov 2066 12:00:10 GMT"}, "", none, 0},
		{"Date, garbage", []string{"Last-Modified: " + at("12:00:05"), "Date: now"}, "", "12:00:05", time.Second},
		{"Date in the far future", []string{"Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT", "Date: Fri, 31 Dec 9999 23:59:59 GMT"}, "", none, 0},
		{"Date in the far past", []string{"Last-Modified: Mon, 01 Jan 0001 00:00:00 GMT", "Date: Mon, 01 Jan 0001 00:00:00 GMT"}, "", none, 0},
		{"out of a cache", []string{"Last-Modified: " + at("11:59:05"), "Date: " + at("11:59:10"), "Age: 60"}, "", "11:59:05", time.Second},
		{"out of a cache, in its future", []string{"Last-Modified: " + at("11:59:30"), "Date: " + at("11:59:10"), "Age: 60"}, "", none, 0},

		{"the body", nil, `{"t":"2026-11-23T12:00:05.25Z"}`, "12:00:05.25", 10 * time.Millisecond},
		{"the body before Last-Modified", []string{"Last-Modified: " + at("12:00:01")}, `{"t":"2026-11-23 12:00:05.123456"}`, "12:00:05.123456", time.Microsecond},
		{"the body, as a number", []string{"Date: " + at("12:00:10")}, `{"t":1795435205}`, "12:00:05", time.Second},
		{"the body, as a decimal", []string{"Date: " + at("12:00:10")}, `{"t":1795435205.75}`, "12:00:05.75", 10 * time.Millisecond},
		{"the body, in milliseconds", []string{"Date: " + at("12:00:10")}, `{"t":"1795435205001"}`, "12:00:05.001", time.Millisecond},
		{"the body, in whole milliseconds", []string{"Date: " + at("12:00:10")}, `{"t":1795435205000}`, "12:00:05", time.Second},
		{"the body, by a clock ahead", []string{"Date: " + at("13:00:10")}, `{"t":"2026-11-23T13:00:05.001Z"}`, "12:00:04.401", 1301 * time.Millisecond},
		{"the body, as late as Date can be", []string{"Date: " + at("12:00:10")}, `{"t":"2026-11-23T12:00:10.699Z"}`, "12:00:10.699", time.Millisecond},
		{"the body, by a clock slightly ahead", []string{"Date: " + at("12:00:10")}, `{"t":"2026-11-23T12:00:10.9Z"}`, "12:00:10.3", 400 * time.Millisecond},
		{"the body, in the future", []string{"Date: " + at("12:00:10")}, `{"t":"2026-11-23T12:00:11.001Z"}`, none, 0},
		{"the body, in the future, and Last-Modified", []string{"Date: " + at("12:00:10"), "Last-Modified: " + at("12:00:05")}, `{"t":"2027-11-23T12:00:00Z"}`, "12:00:05", time.Second},
		{"the body without, and Last-Modified", []string{"Last-Modified: " + at("12:00:05")}, `{"u":1}`, "12:00:05", time.Second},
		{"the body with null, and Last-Modified", []string{"Last-Modified: " + at("12:00:05")}, `{"t":null}`, "12:00:05", time.Second},
		{"no JSON, and Last-Modified", []string{"Last-Modified: " + at("12:00:05")}, `<t>`, "12:00:05", time.Second},
		{"the body with 0", nil, `{"t":0}`, none, 0},
		{"the body with an object", nil, `{"t":{"t":1795435205}}`, none, 0},
	} {
		began := received.Add(-300 * time.Millisecond)
		got, ok := instantOf(headOf(200, c.lines...), []byte(c.body), began, received, Pointer{"t"})
		want := none
		if ok {
			want = got.At.Format("15:04:05.999999999")
			if long := got.At.Sub(received.Truncate(time.Hour)); long < -time.Hour {
				want = fmt.Sprintf("%dh", long/time.Hour)
			}
		}
		if want != c.at || got.Precision != c.precision {
			t.Errorf("%s: %s, %v; want %s, %v", c.name, want, got.Precision, c.at, c.precision)
		}
	}
}

func TestWithoutAPointerTheBodyIsNotRead(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 10, 0, time.UTC)
	if i, ok := instantOf(headOf(200), []byte(`1795435205`), now, now, nil); ok {
		t.Errorf("got %+v", i)
	}
}

// TestTheChangeIsWithinItsInstant plays origins whose clocks are right, or so wrong
// that their dates show it, and which write times in every way.
func TestTheChangeIsWithinItsInstant(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	skews := []time.Duration{0, -4 * time.Second, 3 * time.Second, time.Hour, -400 * time.Hour}
	for range 50_000 {
		began := start.Add(time.Duration(random.Int64N(int64(time.Hour))))
		sent := began.Add(time.Duration(random.Int64N(int64(time.Second))))
		received := sent.Add(time.Duration(random.Int64N(int64(time.Second))))
		changed := sent.Add(-time.Duration(random.Int64N(int64(time.Minute)) >> random.IntN(30)))
		skew := skews[random.IntN(len(skews))]
		theirs := changed.Add(skew)
		resp := headOf(200, "Date: "+sent.Add(skew).Format(http.TimeFormat))
		var body string
		switch random.IntN(6) {
		case 0:
			resp.Header = append(resp.Header, origin.Field{Name: "Last-Modified", Value: theirs.Format(http.TimeFormat)})
		case 1:
			body = theirs.Format(`{"t":"2006-01-02 15:04:05"}`)
		case 2:
			body = theirs.Format(`{"t":"2006-01-02T15:04:05.000Z"}`)
		case 3:
			body = fmt.Sprintf(`{"t":%d}`, theirs.UnixMilli())
		case 4:
			body = fmt.Sprintf(`{"t":"%d.%02d"}`, theirs.Unix(), theirs.Nanosecond()/1e7)
		case 5:
			body = fmt.Sprintf(`{"t":%d}`, theirs.UnixMicro())
		}
		got, ok := instantOf(resp, []byte(body), began, received, Pointer{"t"})
		switch after := changed.Sub(got.At); {
		case !ok:
			t.Fatalf("%v, %s by a clock %v ahead: no instant", resp.Header, body, skew)
		case after < 0 || after > got.Precision || got.Precision > 4*time.Second || skew == 0 && got.Precision > time.Second:
			t.Fatalf("%v, %s by a clock %v ahead: %v after %v, within %v", resp.Header, body, skew, after, got.At, got.Precision)
		}
	}
}

func FuzzInstantOf(f *testing.F) {
	f.Add(at("12:00:05"), at("12:00:10"), "", `{"t":1795435205.5}`, "/t", int64(300e6))
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "2147483647", `{"t":"9999-12-31T23:59:59.999999999Z"}`, "/t", int64(0))
	f.Add("0", "x", "-1", `[{"t":1e19}]`, "/0/t", int64(1e12))
	f.Fuzz(func(t *testing.T, modified, date, age, body, pointer string, took int64) {
		p, err := ParsePointer(pointer)
		if err != nil {
			t.Skip(err)
		}
		received := time.Date(2026, 11, 23, 12, 0, 10, 700e6, time.UTC)
		began := received.Add(-(time.Duration(took) & (1<<40 - 1)))
		resp := headOf(200, "Last-Modified: "+modified, "Date: "+date, "Age: "+age)
		got, ok := instantOf(resp, []byte(body), began, received, p)
		if !ok {
			return
		}
		if got.At.Year() < 1990 || got.At.After(received) {
			t.Fatalf("%+v", got)
		}
		if got.Precision < 0 || got.Precision > 2*time.Second+received.Sub(began) || got.At.Add(got.Precision).After(received) {
			t.Fatalf("%+v", got)
		}
	})
}
