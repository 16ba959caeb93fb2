package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"syscall"
)

// maxFile is the largest configuration in bytes. It is there for what is given
// by mistake: a log, a disk, /dev/zero.
const maxFile = 1 << 20

// Load reads the configuration in the file at path, as Parse does. A file that
// cannot be read is an error that wraps the one of package os; anything wrong
// inside of it is a Problems.
func Load(path string) (*Config, error) {
	data, err := Read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Read reads the file at path for Parse. Its error wraps the one of package os, and says
// what to do.
func Read(path string) ([]byte, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w; %s", err, remedy(err))
	}
	return data, nil
}

// Parse reads a configuration of at most 1MiB; name stands for the file in
// problems. Defaults are filled in, environment variables expanded, and every
// rule is checked: the error is a Problems with all that is wrong.
func Parse(name string, data []byte) (*Config, error) {
	return parse(name, data, os.LookupEnv)
}

// readFile reads one byte more than is allowed, for Parse to see.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// remedy says what to do about a file that cannot be read.
func remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the path, and the directory that it starts from"
	case errors.Is(err, fs.ErrPermission):
		return "let the user that runs this read the file and enter its directories"
	case errors.Is(err, syscall.EISDIR):
		return "name a file inside of it"
	default:
		return "check the path"
	}
}

func parse(name string, data []byte, env lookup) (*Config, error) {
	c, r, err := read(name, data, env)
	if err != nil {
		return nil, err
	}
	return c.check(r)
}

// read decodes a configuration, without a look at the rules.
func read(name string, data []byte, env lookup) (*Config, *report, error) {
	root, problem := document(data)
	if problem != nil {
		problem.File = name
		return nil, nil, Problems{*problem}
	}
	c := Default()
	r := newReport(name)
	r.lines = map[string]int{}
	d := &decoder{report: r, env: env}
	d.value("", root, reflect.ValueOf(c).Elem())
	return c, r, nil
}

// check returns the configuration, completed, or everything that is wrong with
// it.
func (c *Config) check(r *report) (*Config, error) {
	v := &validator{report: r, config: c}
	v.validate()
	if err := r.err(); err != nil {
		return nil, err
	}
	nameRoutes(c.Routes)
	if r.lines != nil {
		c.routeLines = make([]int, len(c.Routes))
		for i := range c.Routes {
			c.routeLines[i] = r.lines[item("routes", i)]
		}
	}
	return c, nil
}
