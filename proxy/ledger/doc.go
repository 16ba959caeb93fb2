// Package ledger keeps the account of requests, bytes and origin time saved,
// per route.
//
// What was measured is kept apart from what is estimated. Measured: requests of
// clients that were answered at once, and for which no request went to the
// origin. Estimated: polls that held clients would have sent, one per interval
// for as long as they were held. The polls that pollmux sent for them are under
// upstream_requests, and are not deducted from either.
//
//	without pollmux   client_requests + saved_requests_estimated
//	with pollmux      upstream_requests
//
// Of a route in mode observe nothing is saved. What would have been is [Observed],
// and is in no other figure.
//
// Everything but the time that subscribers are held is a counter that a request
// increments without a lock. /api/stats and /metrics read the same ones.
package ledger
