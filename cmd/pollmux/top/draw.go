package top

import (
	"fmt"
	"math"
	"strings"
)

// draw is what a model looks like.
func (m model) draw() *grid {
	g := newGrid(m.width, m.height)
	m.drawTitle(g)
	switch {
	case m.page != table:
		m.drawPage(g)
	case len(m.rows) == 0 && m.failure == "" && len(m.history) > 0:
		g.put(0, 2, "there are no routes", dim)
	case len(m.history) == 0:
		m.drawWaiting(g)
	default:
		m.drawMeters(g)
		m.drawTable(g)
	}
	m.drawKeys(g)
	return g
}

// drawTitle says what is looked at and how things are with it.
func (m model) drawTitle(g *grid) {
	if m.failure != "" {
		ago := spanText(m.now.Sub(m.lost))
		g.line(0, cut(fmt.Sprintf("LOST for %s, next try in %s: %s", ago, spanText(max(m.retry.Sub(m.now), 0)), m.failure), m.width), bad)
		return
	}
	state, looks := fmt.Sprintf("every %v", m.pace), good
	if m.paused {
		state, looks = "PAUSED", warn
	}
	x := g.put(0, 0, "pollmux ", bold)
	x = g.put(x, 0, cut(strings.TrimPrefix(m.address, "http://"), m.width-x-len(state)-1), plain)
	if up := fmt.Sprintf("  up %s", spanText(seconds(m.shown.UptimeSeconds))); x+len(up)+1+len(state) < m.width && len(m.rows) > 0 {
		g.put(x, 0, up, dim)
	}
	g.put(m.width-len(state), 0, state, looks)
}

func (m model) drawWaiting(g *grid) {
	text := "waiting for the first reading …"
	if m.failure != "" {
		text = m.failure
	}
	for i, line := range wrapped(text, m.width) {
		g.put(0, 2+i, line, plain)
	}
}

// lowScreen and flatScreen are heights below which there is no room for all.
const (
	lowScreen  = 12
	flatScreen = 8
)

// head is how many lines stand above the table's rows.
func (m model) head() int {
	switch {
	case m.height < flatScreen:
		return 2 // title, heading
	case m.height < lowScreen:
		return 5 // and two meters, and what else there is
	}
	return 6
}

// room is how many rows there is room for.
func (m model) room() int { return m.height - m.head() - 1 }

func (m model) drawMeters(g *grid) {
	if m.height < flatScreen {
		return
	}
	looks := originBar
	if m.all.origin > m.all.clients*1.05 {
		looks = bad
	}
	m.drawMeter(g, 1, "Clients", m.all.clients, clientsBar)
	m.drawMeter(g, 2, "Origin", m.all.origin, looks)
	x := 0
	for _, part := range []struct {
		label, text string
		looks       style
	}{
		{"Saved ", percent(shareText(m.all.saved)), good},
		{"  Stale ", countText(m.shown.StaleFeeds), bad},
		{"  Held ", countText(m.all.total.Held()), bold},
		{"  Feeds ", countText(m.all.total.Feeds), bold},
		{"  Conns ", countText(m.shown.Connections), bold},
		{"  Errors ", rateText(m.all.errors) + "/s", errorLooks(m.all.errors)},
		{"  Alone ", rateText(m.all.alone) + "/s", bold},
	} {
		if part.looks == bad && part.text == "0" {
			continue // no trouble
		}
		if x+width(part.label)+width(part.text) > m.width {
			break
		}
		x = g.put(g.put(x, 3, part.label, dim), 3, part.text, part.looks)
	}
}

func errorLooks(rate float64) style {
	if rate > 0 {
		return bad
	}
	return bold
}

// drawMeter draws a rate as htop does: a bar with its figure inside. Both are to one
// scale, that of the highest rate of late.
func (m model) drawMeter(g *grid, y int, label string, rate float64, looks style) {
	x := g.put(0, y, fmt.Sprintf("%-8s", label), dim)
	x = g.put(x, y, "[", bold)
	end := m.width - 1
	text := rateText(rate) + "/s"
	room := end - x - width(text) - 1
	if bar := int(math.Round(float64(room) * rate / m.peak)); !math.IsNaN(rate) && m.peak > 0 && room > 0 {
		g.put(x, y, strings.Repeat("|", max(0, min(bar, room))), looks)
	}
	g.put(end-width(text), y, text, looks)
	g.put(end, y, "]", bold)
}

// visible are the columns that there is room for.
func (m model) visible() (name int, rest []column) {
	all := columns()[1:]
	all = all[min(m.first, len(all)-1):]
	n := max(0, min((m.width-nameWidth)/columnWidth, len(all)))
	return m.width - n*columnWidth, all[:n]
}

func (m model) drawTable(g *grid) {
	name, rest := m.visible()
	y := m.head() - 1
	g.fill(0, y, heading)
	g.put(0, y, cut(m.heading(columns()[0]), name), m.headingLooks(columns()[0]))
	for i, c := range rest {
		g.put(name+i*columnWidth, y, fmt.Sprintf("%*s", columnWidth, m.heading(c)), m.headingLooks(c))
	}
	all := m.listed()
	for i := range min(m.room(), len(all)-m.top) {
		m.drawRow(g, y+1+i, &all[m.top+i], m.top+i == m.cursor, name, rest)
	}
	if len(all) == 0 {
		g.put(0, y+1, cut(fmt.Sprintf("no route's name has %q; Esc shows all", m.filter), m.width), dim)
	}
}

// heading is a column's title, with how it is sorted.
func (m model) heading(c column) string {
	if c.title != columns()[m.sort].title {
		return c.title
	}
	mark := "▽"
	if m.reverse {
		mark = "△"
	}
	return c.title + mark
}

func (m model) headingLooks(c column) style {
	if c.title == columns()[m.sort].title {
		return sortedBy
	}
	return heading
}

func (m model) drawRow(g *grid, y int, r *row, isSelected bool, name int, rest []column) {
	base := plain
	if isSelected {
		base = selected
	}
	g.fill(0, y, base)
	g.put(0, y, cut(r.name, name-1), base)
	for i, c := range rest {
		looks := base
		if !isSelected {
			looks = cellLooks(c, r)
		}
		g.put(name+i*columnWidth, y, fmt.Sprintf("%*s", columnWidth, c.text(r)), looks)
	}
}

// cellLooks has what is good or bad stand out.
func cellLooks(c column, r *row) style {
	switch text := c.text(r); {
	case text == none, text == "0", text == "0.0":
		return dim
	case c.title == "ERRORS/s":
		return bad
	case c.title == "SAVED%" && r.saved < 0:
		return bad
	case c.title == "SAVED%":
		return good
	}
	return plain
}

// drawKeys draws the bottom line.
func (m model) drawKeys(g *grid) {
	y := m.height - 1
	if m.filtering {
		g.line(y, cut("Filter: "+m.filter+"_   Enter keeps it, Esc drops it", m.width), key)
		return
	}
	chosen := ""
	if m.filter != "" && m.page == table {
		chosen = cut(" filter: "+m.filter, m.width)
	}
	x := 0
	for _, k := range m.keys() {
		if x+width(k[0])+width(k[1])+width(chosen) > m.width {
			break
		}
		x = g.put(g.put(x, y, k[0], key), y, k[1], keyLabel)
	}
	g.fill(x, y, keyLabel)
	g.put(m.width-width(chosen), y, chosen, warn)
}

func (m model) keys() [][2]string {
	pause := "Pause "
	if m.paused {
		pause = "Go on "
	}
	if m.page != table {
		return [][2]string{{"Esc", "Back "}, {"↑↓", "Scroll "}, {"Space", pause}, {"F10", "Quit "}}
	}
	return [][2]string{{"F1", "Help "}, {"/", "Filter "}, {"<>", "Sort "}, {"Enter", "Details "}, {"Space", pause}, {"q", "Quit "}, {"I", "Invert "}, {"←→", "Columns "}}
}
