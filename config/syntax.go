package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// syntaxProblem says where data stops being YAML, and why.
func syntaxProblem(data []byte, err error) *Problem {
	text, line := splitSyntaxError(err)
	if found := brokenLine(data); found > 0 {
		line = found
	}
	return &Problem{Line: max(line, 1), Text: "is not YAML: " + text + "; " + syntaxHint(lineOf(data, line))}
}

// brokenLine returns the first line after the longest run of whole lines, from
// the start, that is YAML; 0 when it takes too long to find. The line numbers
// of yaml.v3 itself are those of the enclosing block, one too small, or not
// there at all (go-yaml issues 205, 704, 1055).
func brokenLine(data []byte) int {
	budget := 2 * maxFile
	line := bytes.Count(data, []byte{'\n'}) + 1
	for end := len(data); budget > 0; line-- {
		end = bytes.LastIndexByte(data[:end], '\n')
		if end < 0 {
			return 1
		}
		budget -= end
		if _, err := parseYAML(data[:end]); isWhole(err) {
			return line
		}
	}
	return 0
}

// isWhole reports whether text with this error would be YAML by itself.
func isWhole(err error) bool {
	if err == nil || errors.Is(err, io.EOF) {
		return true
	}
	_, several := errors.AsType[*severalDocuments](err)
	return several
}

// splitSyntaxError takes "yaml: line 3: text" apart.
func splitSyntaxError(err error) (text string, line int) {
	m := regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`).FindStringSubmatch(err.Error())
	if m == nil {
		return "the parser gave up", 0
	}
	line, _ = strconv.Atoi(m[1]) // 0 when there is none
	return m[2], line
}

// syntaxHint says what to do about a line that is not YAML.
func syntaxHint(line string) string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return "indent with spaces, a tab is not allowed there"
	case regexp.MustCompile(`(^|[:,[-])\s*\*`).MatchString(line):
		return "put text that begins with \"*\" in quotes; as an alias, it needs an anchor further up"
	case strings.Contains(line, "${") && strings.ContainsAny(line[:strings.Index(line, "${")], "{["):
		return "put ${NAME} in quotes inside of {} and []"
	default:
		return "check the indentation, quotes and brackets of this line and the one above"
	}
}

// lineOf returns a line by its number, from 1.
func lineOf(data []byte, number int) string {
	lines := strings.Split(string(data), "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	return lines[number-1]
}
