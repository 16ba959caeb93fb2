package config

import "os"

// Locate tells where in the file at path a field stands, for problems that only
// who uses a configuration can find: a file that it names is not there. The field is
// written as in a Problem, with an index for each entry of a list; the problem names
// it as the file does. Without such a file, it has no line.
func Locate(path, field, text string) Problem {
	p := Problem{File: path, Field: field, Text: text}
	data, err := readFile(path)
	if err != nil {
		return p
	}
	_, r, err := read(path, data, os.LookupEnv)
	if err != nil {
		return p
	}
	p.Field = r.spelled(field)
	p.Line = r.line(p.Field)
	return p
}

// spelled leaves out the indexes of lists that the file writes as their only entry.
func (r *report) spelled(field string) string {
	var path string
	for _, step := range steps(field) {
		if _, listed := r.lines[path+step]; step != "[0]" || listed {
			path += step
		}
	}
	return path
}

// steps splits a field path into its keys and indexes.
func steps(field string) (all []string) {
	for field != "" {
		up := parent(field)
		all = append([]string{field[len(up):]}, all...)
		field = up
	}
	return all
}
