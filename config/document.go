package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// document returns the root of the one YAML document in data, or the reason
// why there is none.
func document(data []byte) (*yaml.Node, *Problem) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if p := notText(data); p != nil {
		return nil, p
	}
	root, err := parseYAML(data)
	switch several, ok := errors.AsType[*severalDocuments](err); {
	case ok:
		return nil, &Problem{Line: several.line, Text: several.Error()}
	case errors.Is(err, io.EOF), err == nil && isNull(root):
		return nil, &Problem{Line: 1, Text: "is empty; upstreams and routes are needed at least"}
	case err != nil:
		return nil, syntaxProblem(data, err)
	case root.Kind != yaml.MappingNode:
		return nil, &Problem{Line: root.Line, Text: "is not a configuration; write keys with their values, such as upstreams: and routes:"}
	}
	return root, nil
}

// notText finds what yaml.v3 would refuse without saying where.
func notText(data []byte) *Problem {
	if len(data) > maxFile {
		return &Problem{Line: 1, Text: fmt.Sprintf("is larger than %v, the most that is allowed; is it a configuration?", Size(maxFile))}
	}
	line := 1
	for rest := data; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 || !isText(r) {
			return &Problem{Line: line, Text: fmt.Sprintf("contains the byte 0x%02x and is not text; a configuration is YAML in UTF-8", rest[0])}
		}
		if r == '\n' {
			line++
		}
		rest = rest[n:]
	}
	return nil
}

// isText reports whether YAML allows a character (section 5.1 of YAML 1.2).
func isText(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0x7f && r < 0xa0:
		return r == 0x85
	default:
		return r != 0xfeff && r != 0xfffe && r != 0xffff
	}
}

// severalDocuments is the error of a file with more than one document.
type severalDocuments struct{ line int }

func (*severalDocuments) Error() string {
	return "a second YAML document begins; a configuration is one document, without a \"---\" inside"
}

// parseYAML returns the root node; io.EOF when there is none.
func parseYAML(data []byte) (root *yaml.Node, err error) {
	// yaml.v3 has panicked on bad input before (go-yaml issues 560, 665, 666)
	// and is no longer kept up; a reload must not end the process.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil {
		return nil, err
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, &severalDocuments{line: second.Line}
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return first.Content[0], nil
}
