// Package accesslog is where access logs will be read for "pollmux analyze".
//
// There is nothing in it yet. What it will do: read common, combined and JSON
// lines, plain, gzipped or from standard input, find the requests that are polls
// (the same client, the same target, at a pace), and predict the upstream
// requests that coalescing them would save, per endpoint. It decides by the same
// rules as the proxy: head.Lookup for fields, share.Policy for keys.
package accesslog
