package bench

import (
	"fmt"
	"io"
	"strconv"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// ServersResult is the outcome of Servers.
type ServersResult struct {
	Servers  int          `json:"servers"`
	Kills    int          `json:"kills"`
	Polls    int64        `json:"client_polls"`
	Requests []int64      `json:"server_requests"`
	Writes   load.Account `json:"writes"`
	Verdict  Verdict      `json:"verdict"`

	failure error   // of the first poll that failed
	before  []int64 // requests of the server that was killed, when it was revived
	asked   int     // how many of those had more in the end
}

func (r *ServersResult) judge(o ServersOptions) {
	v, w := &r.Verdict, r.Writes
	failed := w.Sent - w.Good
	v.add(r.failure == nil && r.Polls > 0, "no poll failed", "%d polls, %s", r.Polls, failureOf(r.failure))
	v.add(w.Repeated == 0 && w.Arrived > 0, "no write came twice, to whichever server", "%d of %d", w.Repeated, w.Arrived)
	v.add(w.Lost == 0 && w.Good > 0, "no write was lost that was answered 2xx", "%d of %d", w.Lost, w.Good)
	most := int64(o.Writers * (o.Kills + 1)) // those under way at a kill, and at the end
	v.add(failed <= most, "at most the writes under way at a kill failed", "%d of %d, at most %d", failed, w.Sent, most)
	v.add(r.asked == len(r.before), "whoever was revived was asked again", "%d of %d times", r.asked, len(r.before))
}

func failureOf(err error) string {
	if err == nil {
		return "none failed"
	}
	return "the first that failed: " + err.Error()
}

// Write tells the outcome.
func (r *ServersResult) Write(w io.Writer) {
	t := newTable(fmt.Sprintf("%d servers, %d kills", r.Servers, r.Kills), "requests")
	for i, n := range r.Requests {
		t.add("server "+strconv.Itoa(i+1), strconv.FormatInt(n, 10))
	}
	t.write(w)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict is all that counts.
func (r *ServersResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *ServersResult) Judge() Verdict { return r.Verdict }
