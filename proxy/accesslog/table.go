package accesslog

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// tableRows is how many endpoints people are shown.
const tableRows = 20

// Write tells the report to people, in 80 columns; patterns that have no room are
// cut.
func (r *Report) Write(w io.Writer) {
	fmt.Fprintf(w, "%s lines: %s requests in %v, %s malformed\n", grouped(r.Lines), grouped(r.Requests), r.lasted(), grouped(r.Malformed))
	writeWrapped(w, "", r.classes())
	fmt.Fprintln(w)
	r.writeEndpoints(w)
	for _, b := range r.Broken {
		fmt.Fprintf(w, "broken: %s:%d: %.50q\n", b.File, b.Line, b.Text)
	}
	for _, note := range r.Notes {
		writeWrapped(w, "note: ", note)
	}
	r.writeNext(w)
}

// classes tells what the requests are.
func (r *Report) classes() string {
	c := r.Classes
	text := portion(c.Polls, r.Requests) + " are polls"
	for _, other := range []struct {
		n    int64
		name string
	}{{c.Browsing, "browsing"}, {c.Crawlers, "crawlers"}, {c.Health, "health checks"}, {c.Writes, "writes"}} {
		if other.n > 0 {
			text += ", " + portion(other.n, r.Requests) + " " + other.name
		}
	}
	return text
}

func (r *Report) lasted() time.Duration {
	return time.Duration(r.Seconds * float64(time.Second)).Round(time.Second)
}

const row = "%-32s %9s %8s %7s %9s %9s\n"

func (r *Report) writeEndpoints(w io.Writer) {
	shown := r.polled()
	if len(shown) == 0 {
		fmt.Fprintf(w, "No polls were found.\n\n")
		return
	}
	fmt.Fprintf(w, row, "endpoint", "requests", "clients", "every", "interval", "saved")
	for i, e := range shown {
		if i == tableRows {
			fmt.Fprintf(w, "and %d more, see --json\n", len(shown)-i)
			break
		}
		e.write(w)
	}
	fmt.Fprintf(w, row+"\n", "everything", short(r.Requests), "", "", "", percent(r.SavedRequests, r.Requests))
}

// polled are the endpoints that are told to people.
func (r *Report) polled() (shown []*Endpoint) {
	for i := range r.Endpoints {
		if e := &r.Endpoints[i]; e.Polls > 0 && (e.SavedRequests > 0 || e.Polls*4 >= e.Requests) {
			shown = append(shown, e)
		}
	}
	return shown
}

func (e *Endpoint) write(w io.Writer) {
	name := e.Pattern
	if e.Method != "GET" {
		name = e.Method + " " + name
	}
	saved, interval := "–", "–"
	if e.Coalesced {
		saved, interval = percent(e.SavedRequests, e.Requests), briefly(e.Interval)
	}
	fmt.Fprintf(w, row, cut(printable(name), 32), short(e.Requests), short(e.Clients), briefly(e.Period), interval, saved)
	for _, reason := range e.Reasons {
		writeWrapped(w, "    ", reason)
	}
}

func (r *Report) writeNext(w io.Writer) {
	if r.SavedRequests > 0 {
		text := grouped(r.SavedRequests) + " requests"
		if r.SavedBytes > 0 {
			text += " and " + bytesOf(r.SavedBytes) + " of answers"
		}
		writeWrapped(w, "saved: ", fmt.Sprintf("%s; the origin would get %s requests, %.3g a second", text, grouped(r.OriginRequests), float64(r.OriginRequests)/max(r.Seconds, 1)))
	}
	if len(r.polled()) > 0 {
		writeWrapped(w, "next: ", "the same with --emit-config --upstream URL > pollmux.yaml, then pollmux check pollmux.yaml")
	}
}

// cut makes a text fit.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// printable replaces what would not print as one column each.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, s)
}

// writeWrapped writes a text in lines of at most 80 columns.
func writeWrapped(w io.Writer, prefix, text string) {
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > 80 && strings.TrimSpace(line) != "" {
			fmt.Fprintln(w, line)
			line = strings.Repeat(" ", len(prefix))
		}
		if line != "" && !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, line)
}
