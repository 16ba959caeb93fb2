package explain

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/pollmux/pollmux/proxy/share"
)

// Text writes an explanation for people. file is the configuration's name, "" if
// nobody knows it.
func (e *Explanation) Text(w io.Writer, file string) error {
	p := &page{}
	p.outcome(e)
	p.routes(e, file)
	if e.Transport != nil {
		p.say("served as", "%s: %s%s", e.Transport.Name, e.Transport.Why, e.Transport.hold())
	}
	if e.Parts != nil {
		p.parts("headers", e.Parts.Fields)
		p.parts("cookies", e.Parts.Cookies)
		p.parts("query", e.Parts.Query)
		p.list("key", e.Parts.Key)
	}
	p.sharing(e.Sharing)
	if e.Parts != nil && e.Sharing != nil {
		p.list("the poll", append(strings.Split(strings.TrimSuffix(e.Parts.Poll, "\r\n"), "\r\n"), "(and If-None-Match or If-Modified-Since, once there is a snapshot)"))
	}
	p.schedule(e.Schedule)
	p.feed(e.Feed)
	_, err := io.WriteString(w, strings.Map(printed, p.String()))
	return err
}

// printed is a character that a terminal can be sent: what was asked about may have
// bytes that would move its cursor.
func printed(r rune) rune {
	if r == '\n' || unicode.IsPrint(r) {
		return r
	}
	return '?'
}

// page is a text of titles with what belongs to them.
type page struct{ strings.Builder }

func (p *page) say(title, format string, args ...any) {
	fmt.Fprintf(p, "\n%s %s\n", title, fmt.Sprintf(format, args...))
}

func (p *page) list(title string, lines []string) {
	fmt.Fprintf(p, "\n%s\n", title)
	for _, line := range lines {
		fmt.Fprintf(p, "  %s\n", line)
	}
}

// table writes rows with aligned columns.
func (p *page) table(title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", title)
	t := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(t, "  %s\n", strings.Join(row, "\t"))
	}
	_ = t.Flush() // a Builder takes everything
}

func (p *page) outcome(e *Explanation) {
	if e.Request.Target != "" {
		fmt.Fprintf(p, "%s %s%s\n", e.Request.Method, e.Request.Host, e.Request.Target)
	}
	is := e.Outcome.Is
	if e.Outcome.Status != 0 {
		is = fmt.Sprintf("%s with %d", is, e.Outcome.Status)
	}
	if e.Outcome.Reason != "" {
		is += " (" + string(e.Outcome.Reason) + ")"
	}
	fmt.Fprintf(p, "%s: %s\n", is, e.Outcome.Why)
}

func (p *page) routes(e *Explanation, file string) {
	var rows [][]string
	for _, c := range e.Routes {
		row := []string{c.Name, map[bool]string{true: "yes", false: "no"}[c.Matches] + ": " + c.Why}
		switch {
		case c.Line > 0 && file != "":
			row = append([]string{fmt.Sprintf("%s:%d", file, c.Line)}, row...)
		case c.Line > 0:
			row = append([]string{fmt.Sprintf("line %d", c.Line)}, row...)
		}
		rows = append(rows, row)
	}
	p.table("routes, as they are tried", rows)
}

func (p *page) parts(title string, parts []share.Part) {
	var rows [][]string
	for _, part := range parts {
		where := "left out of the key and off the poll"
		if part.Keyed {
			where = "in the key, and sent"
		}
		if part.Keyed && part.Class == share.ClassCredential {
			where = "hashed in the key, and sent"
		}
		rows = append(rows, []string{part.Name, part.Class, where + ": " + part.Why})
	}
	p.table(title, rows)
}

func (t *Transport) hold() string {
	if t.WaitSeconds == 0 {
		return ""
	}
	return fmt.Sprintf(", for %s at most", seconds(t.WaitSeconds))
}

var sharers = map[string]string{"everybody": "everybody", "identified": "the same credentials", "one-user": "nobody else"}

func (p *page) sharing(s *Sharing) {
	if s == nil {
		return
	}
	p.say("shared with", "%s: %s", cmp.Or(sharers[s.With], s.With), s.Why)
	if len(s.Vary) > 0 {
		fmt.Fprintf(p, "  the origin's answers on this route depend on %s, as its Vary says\n", strings.Join(s.Vary, ", "))
	}
	if s.LetIn != nil {
		fmt.Fprintf(p, "  the origin %s\n", map[bool]string{true: "lets this client in", false: "has not said lately that it lets this client in"}[*s.LetIn])
	}
	fmt.Fprintln(p, "  the origin's answer has the last word: Set-Cookie, private, no-store, Vary: * and the like are not shared")
}

func (p *page) schedule(s *Schedule) {
	if s == nil {
		return
	}
	pace := "every " + seconds(s.IntervalSeconds)
	if s.MaxIntervalSeconds > 0 {
		pace = fmt.Sprintf("every %s to %s, as it changes", seconds(s.IntervalSeconds), seconds(s.MaxIntervalSeconds))
	}
	if s.BudgetPerSecond > 0 {
		pace += fmt.Sprintf(", within the upstream's budget of %g/s", s.BudgetPerSecond)
	}
	p.list("polled "+pace, append(s.Notes, "at once after "+strings.Join(s.RefreshedBy, ", ")))
}

func (p *page) feed(f *Feed) {
	if f == nil {
		return
	}
	p.say("now", "%s", f.Now)
	if f.Outlook == nil {
		return
	}
	o := f.Outlook
	say := func(format string, args ...any) { fmt.Fprintf(p, "  "+format+"\n", args...) }
	say("feed %s: version %d, %d bytes, %s old; %d subscribers, %d clients", o.Feed, o.Version, o.Bytes, seconds(o.AgeSeconds), o.Subscribers, o.Clients)
	switch {
	case o.Polling:
		say("a poll is under way")
	case o.NextSeconds != nil:
		say("next poll in %s%s", seconds(*o.NextSeconds), map[bool]string{true: ", when the budget has a turn for it", false: ""}[o.Budgeted])
	case o.EndsSeconds != nil:
		say("no poll is planned: nobody is held; it ends in %s if nobody comes", seconds(*o.EndsSeconds))
	}
	if o.PolledSeconds != nil {
		say("last polled %s ago; the interval is %s now", seconds(*o.PolledSeconds), seconds(o.IntervalSeconds))
	}
	if o.Alone != "" {
		say("%s; requests pass for %s more", share.Reason(o.Alone).Sentence(), seconds(o.AloneSeconds))
	}
	if o.Failure != "" {
		say("%d polls failed in a row: %s", o.Failures, o.Failure)
	}
	if o.Stale != "" {
		say("stale: %s", o.Stale)
	}
}

// seconds writes a duration as people do.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}
