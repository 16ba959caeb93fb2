package config

import (
	"strings"
	"unicode"
)

// closest returns the known word that was probably meant by another one, or
// "".
func closest(word string, known []string) string {
	word = plain(word)
	best, bestDistance := "", 3
	for _, k := range known {
		if d := distance(word, plain(k)); d < bestDistance && d <= max(1, len(k)/3) {
			best, bestDistance = k, d
		}
	}
	return best
}

// plain drops what people mistake without mistyping: ignoreHeaders and
// ignore-headers are ignore_headers.
func plain(word string) string {
	const longest = 64 // no known word comes near
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("_- ", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, word[:min(len(word), longest)])
}

// distance counts the letters to insert, drop, change or swap with their
// neighbour to get from a to b (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+differ(a[i], b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
