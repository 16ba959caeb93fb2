package config

// coverage reports each route that can never match because an earlier one
// takes every request of it, and returns the indexes of those.
func (v *validator) coverage() map[int]bool {
	routes, covered := v.config.Routes, map[int]bool{}
	var clear []int // the routes whose host and path are known for sure
	for i, r := range routes {
		if !v.clear(item("routes", i), r) {
			continue
		}
		for _, j := range clear {
			if e := routes[j]; hostCovers(e.Host, r.Host) && e.Path.Covers(r.Path) {
				v.wrong(item("routes", i), "can never match: %s (%s) takes every request first; move this route before it, or remove one", item("routes", j), quote(nameOf(e)))
				covered[i] = true
				break
			}
		}
		clear = append(clear, i)
	}
	return covered
}

func (v *validator) clear(field string, r *Route) bool {
	return r != nil && r.Path.String() != "" && v.sound(field+".path") && v.sound(field+".host")
}
