package proxy

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// filled is a body that is nothing but its mark, so that one foreign byte shows.
func filled(mark string, size int) []byte {
	return bytes.Repeat([]byte(mark), size/len(mark)+1)[:size/len(mark)*len(mark)]
}

// filler answers every request for /N/SIZE with a body full of <N>.
func filler(x *legacy.Request) legacy.Answer {
	var n, size int
	_, _ = fmt.Sscanf(x.Path, "/%d/%d", &n, &size)
	mark := fmt.Sprintf("<%d>", n)
	return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}, "X-Mark": {mark}}, Body: filled(mark, size), Chunked: n%3 == 0}
}

// isAll reports whether no mark but this one is in what came.
func isAll(heard []byte, mark string) bool {
	whole := chunkSize.ReplaceAll(heard, nil) // which may stand in the middle of one
	rest := bytes.ReplaceAll(whole[:bytes.LastIndexByte(whole, '>')+1], []byte(mark), nil)
	return !bytes.ContainsAny(rest, "<>")
}

var chunkSize = regexp.MustCompile(`\r\n[0-9a-f]+\r\n`)

// clobbering is set in the child that overwrites what it frees.
const clobbering = "POLLMUX_TEST_CLOBBERING"

// L-19: fasthttp uses buffers again; no byte of one answer is in another.
func TestNoAlias(t *testing.T) {
	const clients, rounds = 200, 6
	r := newRig(t, "interval: 10ms", "linger: 10ms")
	r.origin.AnswerFunc(filler)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			mark := fmt.Sprintf("<%d>", i)
			for range rounds {
				size := 1 << (4 + random.IntN(13))
				path := fmt.Sprintf("/%d/%d", i, size)
				method, body := "GET", ""
				fields := [][]string{{"X-A", mark}, {"Range", "bytes=0-"}, {"Authorization", "Bearer " + mark}, {"Accept", "text/event-stream"}, {"Accept", "application/x-ndjson"}, {"Prefer", "wait=1"}}[random.IntN(6)]
				if random.IntN(6) == 0 {
					method, body, fields = "POST", string(filled(mark, size)), nil
				}
				heard, err := r.sip(requestText(method, path, r.addr, body, append(fields, "Connection", "close")), mark, size/len(mark))
				if err != nil || !isAll(heard, mark) || !bytes.Contains(heard, []byte(mark)) && !bytes.Contains(heard, []byte("406")) {
					t.Errorf("%s %s %v: %v, %d bytes:\n%.300q", method, path, fields, err, len(heard), heard)
				}
			}
		})
	}
	all.Wait()
	for _, request := range r.origin.Requests() {
		mark := "<" + strings.Split(request.Path, "/")[1] + ">"
		if !isAll(request.Head, mark) || !isAll(request.Body, mark) {
			t.Errorf("the origin was sent somebody else's bytes: %s %.300q %.300q", request.Method, request.Head, request.Body)
		}
	}
	if os.Getenv(clobbering) == "" && !testing.Short() {
		child := exec.Command(os.Args[0], "-test.run=^TestNoAlias$", "-test.timeout=2m")
		child.Env = append(os.Environ(), "GODEBUG=clobberfree=1", clobbering+"=1")
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("with memory that is overwritten when it is freed: %v\n%.4000s", err, out)
		}
	}
}

// sip sends a request and reads what comes until the proxy closes, or a mark has
// come often enough.
func (r *rig) sip(request, mark string, enough int) ([]byte, error) {
	c, err := r.connect()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		return nil, err
	}
	var heard []byte
	buf := make([]byte, 32<<10)
	for bytes.Count(chunkSize.ReplaceAll(heard, nil), []byte(mark)) < enough {
		n, err := c.Read(buf)
		heard = append(heard, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return heard, err
		}
	}
	return heard, nil
}

// L-20: a thousand clients that leave, at any byte of their request or its answer,
// while others go on: every answer is that of its own request.
func TestWhoeverLeavesInTheMiddleLeavesNothingForOthers(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.AnswerFunc(filler)
	r.origin.Break(func(x *legacy.Exchange) { // in two pieces, so that one can leave in between
		head, body := x.Render(x.Answer())
		_ = x.Write(append(head, body[:len(body)/2]...))
		x.Pause(time.Duration(x.Request.Number%3) * time.Millisecond)
		_ = x.Write(body[len(body)/2:])
	})
	var leavers, stayers sync.WaitGroup
	for worker := range 10 {
		leavers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 2))
			for i := range 100 {
				c, err := r.connect()
				if err != nil {
					t.Error(err)
					return
				}
				text := requestText([]string{"GET", "POST", "DELETE"}[i%3], fmt.Sprintf("/%d/4096", 1000+worker), r.addr, strings.Repeat("x", 100*(i%3)), []string{"X-N", fmt.Sprint(i % 5)})
				if half := random.IntN(2) == 0; half {
					_, _ = io.WriteString(c, text[:random.IntN(len(text))])
				} else {
					_, _ = io.WriteString(c, text)
					_, _ = io.CopyN(io.Discard, c, int64(random.IntN(2000)))
				}
				if i%2 == 0 {
					_ = c.(wire).SetLinger(0) // with RST
				}
				c.Close()
			}
		})
	}
	left := make(chan struct{})
	for i := range 8 {
		stayers.Go(func() {
			mark := fmt.Sprintf("<%d>", i)
			for n := 0; ; n++ {
				select {
				case <-left:
					return
				default:
				}
				a, err := r.try([]string{"GET", "PUT"}[n%2], fmt.Sprintf("/%d/2000", i), strings.Repeat("y", n%2), "X-N", fmt.Sprint(n%7))
				if err != nil || a.StatusCode != 200 || a.body != string(filled(mark, 2000)) || a.Header.Get("X-Mark") != mark {
					t.Errorf("%s: %v %.100q", mark, err, a.body)
				}
			}
		})
	}
	leavers.Wait()
	close(left)
	stayers.Wait()
}
