// Package accesslog reads access logs for "pollmux analyze", and says what
// pollmux would save in front of the server that wrote them.
//
//	files ─► chunks ─► lines ─► requests ─► in order ─┬─► flows ─► classes ─► endpoints ─► Report
//	         (reader)  (parsers, one per core)        └─► feeds: the rules of coalescing
//
// # Reading
//
// Each file is cut into chunks at ends of lines, and chunks are parsed on all
// cores. A line becomes an [Entry] by its [Format]: text formats are compiled from
// the very string that configures the server's log, JSON is looked through for the
// names that servers use. What cannot be read is counted, and never ends anything.
// Files are merged by time. Servers write a line when a request has ended, so lines
// wait for some seconds of log time, and leave in the order in which requests came.
//
// # Telling polls
//
// A flow is what one client asks of one URL; parameters that only bust caches are
// left out of it, and so are the values of cursors. A flow keeps a few of its gaps
// and some counters, and is judged when it has been silent for long: by its rhythm,
// never by its name, except that health checks and robots say who they are. A
// client is an address and a user agent, and the user if the log has one.
//
// Flows that are too short to tell are what most of the others on their endpoint
// are.
//
// # Predicting
//
// There is no formula. Each distinct key is a feed with the time until when its
// snapshot would answer; each request of the log either finds it fresh, joins the
// poll that is under way, or causes the next one. This is played for a ladder of
// intervals at once, because the one that suits an endpoint is known at the end
// only. Keys drop what [share.Loses] drops.
//
// # Bounds
//
// Nothing grows with the lines. Flows and feeds that have been silent for long are
// ended, and the oldest ones before their time if there are more than the bound;
// the report tells how many. Endpoints are leaves of a tree over path segments:
// numbers, UUIDs, dates and the like are one "*" from the beginning, and a node
// with too many children makes those that few poll a "*". What has no room in the
// tree is one endpoint of its own, "/**".
package accesslog
