package child

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// drainTimeout is short: by then the clients have left.
const drainTimeout = 2 * time.Second

// serve answers requests, and obeys, until the child's input ends.
func (s Standard) serve(server *fasthttp.Server, l net.Listener, v verbs) error {
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	err := s.obey(l.Addr().String(), v)
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	_ = server.ShutdownWithContext(ctx) // whoever is left over does not matter
	_ = l.Close()                       // Serve may begin only now, and Shutdown does not know of l then
	serving.Wait()
	return err
}
