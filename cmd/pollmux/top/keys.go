package top

import "unicode/utf8"

// press is what a key does.
func (m model) press(k string) (next model, quit bool) {
	switch {
	case k == "Ctrl-C":
		return m, true
	case m.filtering:
		return m.type1(k), false
	case m.page != table:
		return m.turnPage(k)
	}
	switch k {
	case "q", "F10":
		return m, true
	case "h", "?", "F1":
		m.page, m.scroll = help, 0
	case "Enter":
		if m.route = m.selected(); m.route != "" {
			m.page, m.scroll = details, 0
		}
	case "/", "F3", "F4", "\\":
		m.filtering = true
	case "Esc":
		m.filter = ""
	case "Right":
		m.first++
	case "Left":
		m.first--
	default:
		m = m.choose(k)
	}
	return m, false
}

// choose is for keys that move, sort and pause.
func (m model) choose(k string) model {
	if to, ok := moved(k, m.cursor, m.room(), len(m.listed())); ok {
		m.cursor = to
		return m
	}
	switch k {
	case " ", "p", "Z":
		if m.paused = !m.paused; !m.paused {
			m = m.show()
		}
	case ">", ".", "F6":
		return m.sortBy((m.sort + 1) % len(columns()))
	case "<", ",":
		return m.sortBy((m.sort + len(columns()) - 1) % len(columns()))
	case "I", "r":
		selected := m.selected()
		m.reverse = !m.reverse
		return m.follow(selected)
	}
	for i, c := range columns() {
		if c.key == k && k != "" {
			return m.sortBy(i)
		}
	}
	return m
}

// sortBy sorts by a column, and the other way round if it is sorted by that already,
// and was chosen by its key.
func (m model) sortBy(column int) model {
	selected := m.selected()
	m.reverse = m.sort == column && !m.reverse
	m.sort = column
	return m.follow(selected)
}

// type1 types a character of the filter.
func (m model) type1(k string) model {
	switch k {
	case "Enter", "F3", "F4":
		m.filtering = false
	case "Esc":
		m.filtering, m.filter = false, ""
	case "Backspace":
		_, last := utf8.DecodeLastRuneInString(m.filter)
		m.filter = m.filter[:len(m.filter)-last]
	case "Up", "Down", "PgUp", "PgDn", "Home", "End":
		m = m.choose(k)
	default:
		if utf8.RuneCountInString(k) == 1 {
			m.filter += k
		}
	}
	return m
}

// turnPage is for keys on a page that is read.
func (m model) turnPage(k string) (next model, quit bool) {
	if to, ok := moved(k, m.scroll, m.pageRoom(), len(m.text())); ok {
		m.scroll = to
		return m, false
	}
	switch k {
	case "F10":
		return m, true
	case "q", "Esc", "Enter", "Backspace", "Left", "h", "?", "F1":
		m.page, m.scroll = table, 0
	case " ", "p", "Z":
		m = m.choose(k)
	}
	return m, false
}

// moved is where a key moves to from a place among so many, of which a screen has room
// for some.
func moved(k string, at, room, all int) (to int, ok bool) {
	switch k {
	case "Up", "k", "Ctrl-P":
		return at - 1, true
	case "Down", "j", "Ctrl-N":
		return at + 1, true
	case "PgUp", "Ctrl-B":
		return at - max(room, 1), true
	case "PgDn", "Ctrl-F":
		return at + max(room, 1), true
	case "Home", "g":
		return 0, true
	case "End", "G":
		return all - 1, true
	}
	return at, false
}
