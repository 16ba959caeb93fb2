package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
)

//go:embed dashboard
var dashboardFiles embed.FS

// dashboard is the page that operators look at. It is one document with its
// style and script inside, so that it needs nothing else, and a policy that lets
// a browser run these and no others.
type dashboard struct {
	document []byte
	policy   string
}

// newDashboard puts the dashboard together.
func newDashboard() *dashboard {
	style := dashboardFile("style.css")
	var script []byte
	for _, name := range []string{"basics.js", "past.js", "chart.js", "sums.js", "tables.js", "observed.js", "main.js"} {
		script = append(script, dashboardFile(name)...)
	}
	document := bytes.Replace(dashboardFile("index.html"), []byte("/* style.css */"), style, 1)
	return &dashboard{
		document: bytes.Replace(document, []byte("/* *.js */"), script, 1),
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
func (d *dashboard) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", d.policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(d.document) // the client has left
}
