package upgrade_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// scores is an update with every field that an answer can have.
func scores() *upgrade.Update {
	return upgrade.NewUpdate(upgrade.Update{
		Version: 1, ETag: `"1"`, Status: 200, Type: "application/json", Body: []byte(`{"v":1}`), CacheControl: "max-age=5",
		LastModified: "Mon, 02 Jan 2006 15:04:05 GMT", Date: "Mon, 02 Jan 2006 15:04:06 GMT", Vary: "Accept", Received: time.Unix(1000, 0),
		Header: []upgrade.Field{{Name: "X-Own", Value: "yes"}, {Name: "Access-Control-Allow-Origin", Value: "*"}},
	})
}

// wantWhole compares an answer with the one that is put together from nothing.
func wantWhole(t *testing.T, a upgrade.Answer) {
	t.Helper()
	got := string(append(a.AppendHead([]byte("before ")), a.Body()...))
	if want := "before " + string(a.Append(nil, false)); got != want {
		t.Errorf("%+v:\n%q, want\n%q", a, got, want)
	}
}

func TestAHeadThatIsKeptIsTheOneOfItsAnswer(t *testing.T) {
	u, none := scores(), scores()
	none.Status, none.Body = 204, nil
	renewed := u.Renewed("no-cache", "Mon, 02 Jan 2006 15:04:07 GMT", time.Unix(1005, 0), time.Unix(1005, 0), 0)
	for range 2 { // written, and kept
		for _, update := range []*upgrade.Update{u, none, renewed, {Status: 200, ETag: `"bare"`}} {
			for i := range 20 { // more than are kept
				for _, unchanged := range []bool{false, true} {
					a := upgrade.Answer{Update: update, NotModified: unchanged, Now: time.Unix(int64(1005+i*i), 0), Via: "1.1 pollmux"}
					wantWhole(t, a)
					a.CacheStatus = fmt.Sprintf("pollmux; hit; detail=%d", i)
					wantWhole(t, a)
					a.Held = time.Second
					wantWhole(t, a)
				}
			}
		}
	}
}

func TestAHeadThatIsTooLargeToKeepIsWrittenEachTime(t *testing.T) {
	u := scores()
	u.Header = append(u.Header, upgrade.Field{Name: "X-Large", Value: strings.Repeat("x", 8<<10)})
	a := upgrade.Answer{Update: u, Now: time.Unix(1001, 0)}
	wantWhole(t, a)
	b := make([]byte, 0, 16<<10)
	if n := testing.AllocsPerRun(100, func() { _ = a.AppendHead(b) }); n == 0 {
		t.Error("it is kept")
	}
}

func TestAHeadThatWasWrittenOnceAllocatesNothing(t *testing.T) {
	u, b := scores(), make([]byte, 0, 4<<10)
	for _, unchanged := range []bool{false, true} {
		a := upgrade.Answer{Update: u, NotModified: unchanged, CacheStatus: "pollmux; hit", Via: "1.1 pollmux", Now: time.Unix(2000, 0)}
		if n := testing.AllocsPerRun(100, func() {
			a.Now = a.Now.Add(time.Second)
			_ = append(a.AppendHead(b), a.Body()...)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestClientsThatNeedAHeadAtOnceGetTheSame(t *testing.T) {
	for range 50 {
		u := scores()
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				wantWhole(t, upgrade.Answer{Update: u, NotModified: i%2 == 0, CacheStatus: fmt.Sprint(i / 2), Now: time.Unix(1001, 0)})
			})
		}
		clients.Wait()
	}
}
