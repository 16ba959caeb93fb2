package top

import (
	"strings"

	"github.com/rivo/uniseg"
)

// style is how a text looks; what that is in colours, screen says.
type style uint8

const (
	plain style = iota
	bold
	dim
	heading  // of the table
	sortedBy // of the column that it is sorted by
	selected
	good
	warn
	bad
	clientsBar
	originBar
	key      // in the bottom line
	keyLabel // behind it
)

// cell is one place of a grid. A wide character has the place to its right as well,
// which is empty.
type cell struct {
	text  string // one grapheme; "" is the right half of a wide one
	style style
}

// grid is what is to be seen.
type grid struct {
	width, height int
	cells         []cell
}

func newGrid(width, height int) *grid {
	g := &grid{width: max(width, 0), height: max(height, 0)}
	g.cells = make([]cell, g.width*g.height)
	for i := range g.cells {
		g.cells[i].text = " "
	}
	return g
}

// put writes a text from a place on, as far as there is room, and returns where the
// next one may begin.
func (g *grid) put(x, y int, text string, s style) int {
	for state := -1; len(text) > 0 && y >= 0 && y < g.height; {
		var one string
		var width int
		one, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		if width == 0 || x < 0 || x+width > g.width {
			break
		}
		g.cells[y*g.width+x] = cell{one, s}
		if width > 1 {
			g.cells[y*g.width+x+1] = cell{"", s}
		}
		x += width
	}
	return x
}

// fill makes the rest of a line look like something.
func (g *grid) fill(x, y int, s style) {
	for ; y >= 0 && y < g.height && x < g.width; x++ {
		g.cells[y*g.width+x].style = s
	}
}

// line writes a text, and makes the whole line look like it.
func (g *grid) line(y int, text string, s style) {
	g.fill(0, y, s)
	g.put(0, y, text, s)
}

// String is the text, without its looks and the spaces at the ends of lines.
func (g *grid) String() string {
	var b strings.Builder
	for y := range g.height {
		var line strings.Builder
		for _, c := range g.cells[y*g.width : (y+1)*g.width] {
			line.WriteString(c.text)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// width is how many places a text takes.
func width(text string) int { return uniseg.StringWidth(text) }

// cut makes a text fit, and says that something is missing.
func cut(text string, most int) string {
	if width(text) <= most {
		return text
	}
	if most < 1 {
		return ""
	}
	return text[:fits(text, most-1)] + "…"
}

// fits is how many bytes of a text fit into so many places.
func fits(text string, most int) int {
	rest, state, used := text, -1, 0
	for len(rest) > 0 {
		_, behind, n, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if used += n; used > most {
			break
		}
		rest, state = behind, next
	}
	return len(text) - len(rest)
}

// wrapped breaks a text into lines at its spaces.
func wrapped(text string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= most:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
