package top

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/share"
)

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// text is the lines of the page that is read; none of the table.
func (m model) text() []string {
	switch m.page {
	case help:
		return m.helpText()
	case details:
		return m.detailsText()
	}
	return nil
}

// pageRoom is how many of them there is room for.
func (m model) pageRoom() int { return max(1, m.height-3) }

func (m model) drawPage(g *grid) {
	lines := m.text()
	for i := range min(m.pageRoom(), len(lines)-m.scroll) {
		line, looks := lines[m.scroll+i], plain
		if line != "" && line[0] != ' ' {
			looks = bold
		}
		g.put(0, 2+i, line, looks)
	}
	if left := len(lines) - m.scroll - m.pageRoom(); left > 0 {
		text := fmt.Sprintf(" %d more ", left)
		g.put(m.width-len(text), m.height-2, text, warn)
	}
}

// folded breaks lines that are too long at their spaces. What is behind a label stays
// behind it.
func (m model) folded(lines []string) (all []string) {
	for _, line := range lines {
		inset := hanging(line, m.width)
		for width(line) > m.width {
			end := breakAt(line, m.width, inset)
			all = append(all, strings.TrimRight(line[:end], " "))
			line = strings.Repeat(" ", inset) + strings.TrimLeft(line[end:], " ")
			if end <= inset {
				break // there is no room for anything
			}
		}
		all = append(all, line)
	}
	return all
}

// hanging is how far the rest of a line is set in: to behind its label, which two
// spaces end, or a little.
func hanging(line string, most int) int {
	inset := len(line) - len(strings.TrimLeft(line, " "))
	early := line[:min(len(line), most/2, 20)]
	if gap := strings.LastIndex(early, "  "); gap >= inset {
		return gap + len("  ")
	}
	return min(inset+2, most/2)
}

// breakAt is where to break a line: at the last space that is within the room for it.
func breakAt(line string, most, inset int) int {
	end := fits(line, most)
	if space := strings.LastIndex(line[:end], " "); space > inset {
		return space
	}
	return end
}

func (m model) helpText() []string {
	lines := []string{
		"Keys",
		"  ↑ ↓ PgUp PgDn Home End  move; also j k g G",
		"  ← →           other columns",
		"  < >           sort by the column before, behind; also , . F6",
		"  I             the other way round; also r",
		"  /             filter by name; also F3 F4; Esc shows all",
		"  Enter         all about a route",
		"  Space         pause and go on; also p Z",
		"  h             this page; also ? F1",
		"  q             quit; also F10 Ctrl-C",
		"",
		"Columns, and the key that sorts by each",
	}
	for _, c := range columns() {
		lines = append(lines, fmt.Sprintf("  %1s  %-10s  %s", c.key, c.title, c.help))
	}
	lines = append(lines, "", "Meters",
		"  Clients  what the origin would get if its clients spoke to it themselves: their polls, what is passed, and, by estimate, the polls of those who are held",
		"  Origin   what it gets; both to one scale",
		"  Rates are of the last few readings. Percentiles and sums are since pollmux was started.",
	)
	return m.folded(lines)
}

func (m model) detailsText() []string {
	r, ok := m.row()
	if !ok {
		return []string{fmt.Sprintf("Route %s is gone", m.route)}
	}
	t := &r.total
	lines := []string{
		"Route " + r.name,
		fmt.Sprintf("  clients %s/s, origin %s/s, saved %s", rateText(r.clients), rateText(r.origin), percent(savedText(&r))),
		fmt.Sprintf("  %s feeds, %s clients held, %s new versions, %s told", countText(t.Feeds), countText(t.Held()), countText(t.Updates), countText(t.Deliveries)),
		"", "Since the start",
		fmt.Sprintf("  saved      %s requests measured, %s estimated", countText(t.SavedRequestsMeasured), countText(t.SavedRequestsEstimated)),
		fmt.Sprintf("             %s and %s of the origin's time, measured", bytesText(t.SavedBytes), timeText(t.SavedOriginSeconds)),
		fmt.Sprintf("  upstream   %s polls, %s passed, %s authorize", countText(t.UpstreamRequests.Poll), countText(t.UpstreamRequests.Pass), countText(t.UpstreamRequests.Authorize)),
		fmt.Sprintf("             %s answered 304, %s failed", countText(t.UpstreamNotModified), countText(t.UpstreamErrors)),
		fmt.Sprintf("  staleness  p50 %s, p99 %s", timeText(t.StalenessSeconds.P50), timeText(t.StalenessSeconds.P99)),
		fmt.Sprintf("  delivery   p50 %s, p99 %s", timeText(t.DeliverySeconds.P50), timeText(t.DeliverySeconds.P99)),
		"", fmt.Sprintf("%-11s %10s %10s", "Transport", "requests", "held now"),
	}
	lines = append(lines, transportLines(t)...)
	lines = append(lines, reasonLines("Not shared, and why", t.Unshared)...)
	lines = append(lines, observedLines(t.Observed)...)
	lines = append(lines, budgetLines(m.shown.Budgets)...)
	lines = append(lines, serverLines(m.shown.Servers)...)
	return m.folded(lines)
}

func transportLines(t *ledger.RouteStats) (lines []string) {
	c, s := t.ClientRequests, t.Subscribers
	for _, one := range []struct {
		name           string
		requests, held int64
	}{
		{"poll", c.Poll, 0}, {"longpoll", c.Longpoll, s.Longpoll}, {"sse", c.SSE, s.SSE}, {"ndjson", c.NDJSON, s.NDJSON},
		{"multipart", c.Multipart, s.Multipart}, {"websocket", c.WebSocket, s.WebSocket}, {"pass", c.Pass, 0},
	} {
		if one.requests+one.held > 0 {
			lines = append(lines, fmt.Sprintf("  %-9s %10s %10s", one.name, countText(one.requests), countText(one.held)))
		}
	}
	if len(lines) == 0 {
		return []string{"  no requests yet"}
	}
	return lines
}

// reasonLines says why, the most frequent reason first.
func reasonLines(title string, counts map[string]int64) []string {
	if len(counts) == 0 {
		return nil
	}
	lines := []string{"", title}
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return int(max(min(counts[b]-counts[a], 1), -1))
		}
		return strings.Compare(a, b)
	})
	for _, reason := range reasons {
		lines = append(lines, fmt.Sprintf("  %8s %s: %s", countText(counts[reason]), shown(reason), share.Reason(reason).Sentence()))
	}
	return lines
}

func observedLines(o *ledger.Observed) (lines []string) {
	for ; o != nil; o = o.IfPublic {
		lines = append(lines, "", "Observed, as with share: "+shown(o.Share),
			"  "+o.Verdict.Sentence(o),
			fmt.Sprintf("  would save %s of %s requests, %s and %s of the origin's time", countText(o.WouldSaveRequests), countText(o.Requests), bytesText(o.WouldSaveBytes), timeText(o.WouldSaveOriginSeconds)),
			fmt.Sprintf("  %s answers compared: %s same, %s changed in between, %s differing", countText(o.Compared), countText(o.Same), countText(o.Changed), countText(o.Differing)),
		)
		for _, s := range o.Separators {
			lines = append(lines, fmt.Sprintf("  differs by %s %s: explains %s%% of %s pairs", s.Kind, shown(s.Name), shareText(s.Explains), countText(s.Pairs)))
		}
		lines = append(lines, reasonLines("Could not be shared", o.Unshareable)...)
	}
	return lines
}

func serverLines(servers []ledger.Server) (lines []string) {
	for i, s := range servers {
		if i == 0 || servers[i-1].Upstream != s.Upstream {
			lines = append(lines, "", "Servers of "+shown(s.Upstream))
		}
		lines = append(lines, fmt.Sprintf("  %-9s  %s: %d in flight, %s requests, %s failed, %s failed over, %s ejections", s.State, shown(s.Server),
			s.InFlight, countText(s.Requests), countText(s.Failures), countText(s.FailedOver), countText(s.Ejections)))
	}
	return lines
}

func budgetLines(budgets []ledger.Budget) (lines []string) {
	for _, b := range budgets {
		lines = append(lines, "", "Upstream "+shown(b.Upstream),
			fmt.Sprintf("  budget %s/s, now %s/s; %s requests had their turn, %s were refused (429, 503)", rateText(b.BudgetPerSecond), rateText(b.RatePerSecond), countText(b.Requests), countText(b.Refused)),
			fmt.Sprintf("  %d feeds scheduled, %d waiting, %d of %d in flight", b.Scheduled, b.Waiting, b.InFlight, b.AtOnce))
		if b.Stretched {
			lines = append(lines, "  it is too small for the intervals of its routes, which are stretched")
		}
	}
	return lines
}
