package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"

	"github.com/pollmux/pollmux/upgrade/coding"
)

//go:embed dashboard
var dashboardFiles embed.FS

// dashboard is the page that operators look at. It is one document with its
// style and script inside, so that it needs nothing else, and a policy that lets
// a browser run these and no others.
type dashboard struct {
	document []byte
	gzipped  []byte
	policy   string
}

// scripts are the parts of the dashboard's script, in their order.
func scripts() []string {
	return []string{
		"dom.js", "format.js", "table.js", "token.js", "stream.js", "past.js", "chart.js", "spark.js", "figure.js", "headline.js", "sums.js",
		"routes.js", "detail.js", "budgets.js", "observed.js", "feeds.js", "other.js", "wrong.js", "main.js",
	}
}

// newDashboard puts the dashboard together.
func newDashboard() *dashboard {
	style := dashboardFile("style.css")
	var script []byte
	for _, name := range scripts() {
		script = append(script, dashboardFile(name)...)
	}
	document := bytes.Replace(dashboardFile("index.html"), []byte("/* style.css */"), style, 1)
	document = bytes.Replace(document, []byte("/* *.js */"), script, 1)
	return &dashboard{
		document: document,
		gzipped:  coding.NewPress().Whole(coding.Gzip, document),
		policy: "default-src 'none'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
			"script-src " + source(script) + "; style-src " + source(style),
	}
}

// dashboardFile is a file that is embedded, and so can be read.
func dashboardFile(name string) []byte {
	data, _ := dashboardFiles.ReadFile("dashboard/" + name)
	return data
}

// source names an inline script or style to a Content-Security-Policy.
func source(text []byte) string {
	hash := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
}

// ServeHTTP sends the page.
func (d *dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.send(w, r, http.StatusOK) }

// send sends the page, which is the same for everybody.
func (d *dashboard) send(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", d.policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Vary", "Accept-Encoding")
	document := d.document
	accepted := coding.Negotiate(joined(r, "Accept-Encoding"), []coding.Coding{coding.Gzip})
	if accepted.Best() == coding.Gzip && d.gzipped != nil {
		w.Header().Set("Content-Encoding", "gzip")
		document = d.gzipped
	}
	w.WriteHeader(status)
	_, _ = w.Write(document) // the client has left
}
