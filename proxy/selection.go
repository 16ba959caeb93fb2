package proxy

import (
	"fmt"
	"strings"

	"github.com/pollmux/pollmux/config"
)

// How much one refresh may name: each feed is held against all of it. What is
// named literally is looked up, patterns are tried one by one.
const (
	maxSelected = 10_000
	maxPatterns = 100
)

// selection is what a refresh names. It is for one goroutine.
type selection struct {
	paths    map[string][]int // and URLs, to their places among all that is named
	routes   map[string][]int
	patterns []patternAt
	counts   []int // of the feeds that each names
	path     []byte
}

type patternAt struct {
	config.Pattern
	at int
}

// Refresh polls feeds at once, or outdates them where nobody is held: those of
// paths, with "*" and "**" as routes have them, those of URLs, which are paths with
// a query, and those of whole routes. It returns how many there are, and how many
// each of these names, paths first. Its error says what to name instead.
func (p *Proxy) Refresh(paths, routes []string) (feeds int, each []int, err error) {
	s, err := p.rules.Load().selected(paths, routes)
	if err != nil {
		return 0, nil, err
	}
	feeds = p.feeds.Refresh(s.takes)
	return feeds, s.counts, nil
}

func (all *rules) selected(paths, routes []string) (*selection, error) {
	names := len(paths) + len(routes)
	if names > maxSelected {
		return nil, fmt.Errorf("%d paths and routes are too many; name at most %d at once", names, maxSelected)
	}
	s := &selection{paths: map[string][]int{}, routes: map[string][]int{}, counts: make([]int, names)}
	for i, path := range paths {
		if err := s.addPath(path, i); err != nil {
			return nil, err
		}
	}
	for i, name := range routes {
		if all.named(name) == nil {
			return nil, fmt.Errorf("there is no route %q; /api/stats lists them", name)
		}
		s.routes[name] = append(s.routes[name], len(paths)+i)
	}
	return s, nil
}

// addPath adds what is compared with raw paths, as clients send them.
func (s *selection) addPath(text string, at int) error {
	path, query, isURL := strings.Cut(text, "?")
	pattern, err := config.ParsePattern(path)
	switch wild := strings.Contains(path, "*"); {
	case err != nil:
		return err
	case !wild && (strings.ContainsFunc(query, config.NeverRaw) || strings.Contains(query, "#")):
		return fmt.Errorf("%q contains a character that no raw query has; write it percent-encoded", text)
	case !wild:
		s.paths[text] = append(s.paths[text], at)
	case isURL:
		return fmt.Errorf("%q has wildcards and a query; a path with a query names one URL", text)
	case len(s.patterns) == maxPatterns:
		return fmt.Errorf("more than %d paths have wildcards; name these in several requests", maxPatterns)
	default:
		s.patterns = append(s.patterns, patternAt{pattern, at})
	}
	return nil
}

// takes reports whether a feed is named, and counts it.
func (s *selection) takes(route, target string) bool {
	url := target[max(strings.IndexByte(target, '/'), 0):] // behind the host
	path, _, isURL := strings.Cut(url, "?")
	n := s.count(s.routes[route]) + s.count(s.paths[path])
	if isURL {
		n += s.count(s.paths[url])
	}
	if len(s.patterns) > 0 {
		s.path = append(s.path[:0], path...)
	}
	for _, p := range s.patterns {
		if p.Match(s.path) {
			s.counts[p.at]++
			n++
		}
	}
	return n > 0
}

func (s *selection) count(places []int) int {
	for _, at := range places {
		s.counts[at]++
	}
	return len(places)
}
