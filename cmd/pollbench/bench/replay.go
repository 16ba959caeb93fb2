package bench

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/cmd/pollbench/logs"
)

// replaySenders is how many requests are under way at most. Long polls wait for
// seconds of log time.
const replaySenders = 400

// sent is how a replay went.
type sent struct {
	failed int64
	late   float64 // seconds, p99
}

// replayTo sends the requests of a log when they came, so much faster, and waits for
// the answers.
func replayTo(ctx context.Context, address string, lines []logs.Line, speed float64, origin *echo) (sent, error) {
	client := &fasthttp.HostClient{Addr: address, MaxConns: replaySenders, MaxIdemponentCallAttempts: 1, ReadTimeout: time.Minute}
	defer client.CloseIdleConnections()
	due := make(chan *logs.Line)
	var failed atomic.Int64
	var senders sync.WaitGroup
	for range replaySenders {
		senders.Go(func() {
			for l := range due {
				if !sendLine(client, l) {
					failed.Add(1)
				}
			}
		})
	}
	began := time.Now()
	origin.begin(began)
	late := make([]float64, 0, len(lines))
	for i := range lines {
		at := began.Add(time.Duration(float64(lines[i].At) / speed))
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		select {
		case due <- &lines[i]:
		case <-ctx.Done():
		}
		late = append(late, time.Since(at).Seconds())
	}
	close(due)
	senders.Wait()
	slices.Sort(late)
	return sent{failed: failed.Load(), late: late[len(late)*99/100]}, ctx.Err()
}

func sendLine(client *fasthttp.HostClient, l *logs.Line) bool {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("http://" + client.Addr + l.Target)
	req.Header.SetMethod(l.Method)
	req.Header.SetUserAgent(l.Agent)
	err := client.Do(req, resp)
	return err == nil && resp.StatusCode() < 500
}
