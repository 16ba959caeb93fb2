package proxy

import (
	"log/slog"
	"sync/atomic"

	"github.com/pollmux/pollmux/proxy/share"
)

// hint tells the operator, once for each route, what only the operator can
// decide. Its methods may be called concurrently.
type hint struct{ told atomic.Bool }

// noStore tells that nothing is saved where an origin says of everything that
// nobody may store it. Many frameworks do by default, to keep caches away.
func (h *hint) noStore(log *slog.Logger, r *request) {
	if r.route.ShareNoStore || !r.route.Share.ServesAnybody() || r.key.Audience() != share.Everybody || !h.told.CompareAndSwap(false, true) {
		return
	}
	log.Warn("polls are passed on one by one: the origin answers Cache-Control: no-store. "+
		"If that is meant for caches, and without credentials everybody gets the same, let them share it: share_no_store: true on the route, or serve --share-no-store where there is no file",
		"route", r.route.Name)
}
