package config

// names checks that statistics can tell routes apart. A covered route without
// a name is not told that its default name is taken, too.
func (v *validator) names(covered map[int]bool) {
	first := map[string]int{}
	for i, name := range defaultNames(v.config.Routes) {
		if name == "" || covered[i] && v.config.Routes[i].Name == "" {
			continue
		}
		if j, taken := first[name]; taken {
			v.wrong(item("routes", i)+".name", "%s is the name of %s too; give each route a name of its own", quote(name), item("routes", j))
			continue
		}
		first[name] = i
	}
}

// nameRoutes names the routes that have no name.
func nameRoutes(routes []*Route) {
	for i, name := range defaultNames(routes) {
		if routes[i].Name == "" { // a write only when needed: others may read
			routes[i].Name = name
		}
	}
}

// defaultNames returns the names of all routes: a route without one is named
// by its path or, when another is named so too, by host and path.
func defaultNames(routes []*Route) []string {
	names, count := make([]string, len(routes)), map[string]int{}
	for i, r := range routes {
		if r != nil {
			names[i] = nameOf(r)
			count[names[i]]++
		}
	}
	for i, r := range routes {
		if r != nil && r.Name == "" && count[names[i]] > 1 {
			names[i] = r.Host + names[i]
		}
	}
	return names
}

// nameOf returns the name of a route for itself, without looking at others.
func nameOf(r *Route) string {
	if r.Name != "" {
		return r.Name
	}
	return r.Path.String()
}
