package top

import (
	"github.com/gdamore/tcell/v2"
)

// paint brings a grid to the terminal: as much of it as has changed.
func paint(s tcell.Screen, g *grid) {
	for y := range g.height {
		for x := range g.width {
			c := g.cells[y*g.width+x]
			if c.text == "" {
				continue // the right half of a wide character
			}
			runes := []rune(c.text)
			s.SetContent(x, y, runes[0], runes[1:], looks(c.style))
		}
	}
	s.Show()
}

// looks says what a style is in colours. Nothing is told by colour alone.
func looks(s style) tcell.Style {
	d := tcell.StyleDefault
	switch s {
	case bold:
		return d.Bold(true)
	case dim:
		return d.Dim(true)
	case heading:
		return d.Background(tcell.ColorGreen).Foreground(tcell.ColorBlack)
	case sortedBy:
		return d.Background(tcell.ColorTeal).Foreground(tcell.ColorBlack).Bold(true)
	case selected:
		return d.Reverse(true)
	case good:
		return d.Foreground(tcell.ColorGreen)
	case warn:
		return d.Foreground(tcell.ColorOlive).Bold(true)
	case bad:
		return d.Foreground(tcell.ColorRed).Bold(true)
	case clientsBar:
		return d.Foreground(tcell.ColorTeal)
	case originBar:
		return d.Foreground(tcell.ColorGreen)
	case key:
		return d.Bold(true)
	case keyLabel:
		return d.Background(tcell.ColorTeal).Foreground(tcell.ColorBlack)
	}
	return d
}

// keyNames are the keys that are no characters.
var keyNames = map[tcell.Key]string{
	tcell.KeyUp: "Up", tcell.KeyDown: "Down", tcell.KeyLeft: "Left", tcell.KeyRight: "Right", tcell.KeyPgUp: "PgUp", tcell.KeyPgDn: "PgDn",
	tcell.KeyHome: "Home", tcell.KeyEnd: "End", tcell.KeyEnter: "Enter", tcell.KeyEscape: "Esc", tcell.KeyBackspace: "Backspace", tcell.KeyBackspace2: "Backspace",
	tcell.KeyF1: "F1", tcell.KeyF3: "F3", tcell.KeyF4: "F4", tcell.KeyF6: "F6", tcell.KeyF10: "F10", tcell.KeyCtrlC: "Ctrl-C",
	tcell.KeyCtrlP: "Ctrl-P", tcell.KeyCtrlN: "Ctrl-N", tcell.KeyCtrlB: "Ctrl-B", tcell.KeyCtrlF: "Ctrl-F",
}

// eventOf is what a terminal's event means to a model; nil if nothing.
func eventOf(e tcell.Event) any {
	switch e := e.(type) {
	case *tcell.EventResize:
		w, h := e.Size()
		return resized{w, h}
	case *tcell.EventKey:
		if e.Key() == tcell.KeyRune {
			return pressed(string(e.Rune()))
		}
		return pressed(keyNames[e.Key()])
	}
	return nil
}
