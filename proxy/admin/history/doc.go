// Package history keeps what the ledger counted over the last hour: a point every
// [Step], per route and for all together, so that who opens the dashboard at 3 am
// sees what happened before.
//
//	ledger.Reading ─► track: rates since the last, quantiles of the last minute or two ─► series, Points long
//
// A point is what there was per second between two readings. Its quantiles are of
// the time since the last change of window but one, a minute to two: those of five
// seconds would be noise, and those since the process began tell nothing at 3 am.
//
// It costs 34 KiB for each route that was ever used since it was configured, and
// next to nothing for the others; there are no more tracks than routes.
package history
