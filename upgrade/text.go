package upgrade

import "unicode/utf8"

// wholeText reports how many bytes of b are whole characters in UTF-8, of which
// so many are known to be, and whether the rest may become one.
func wholeText(b []byte, known int) (whole int, ok bool) {
	whole = len(b)
	for back := 1; back < utf8.UTFMax && back <= len(b)-known; back++ {
		if at := len(b) - back; utf8.RuneStart(b[at]) {
			if !utf8.FullRune(b[at:]) {
				whole = at
			}
			break
		}
	}
	return whole, utf8.Valid(b[known:whole])
}
