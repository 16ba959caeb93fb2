package accesslog

// tree is endpoints by path, a node per segment.
type tree struct {
	top       [2]*node // reads, and all others
	rest      [2]*endpoint
	endpoints int
	most      int
	merged    int64 // nodes that became part of a "*"
	lost      int64 // requests that had no room
}

// node is a segment. The order of children does not matter.
type node struct {
	children map[string]*node
	value    *node     // "*"
	end      *endpoint // of paths that end here
	crowded  bool      // new children go to value
}

const (
	maxChildren  = 100
	maxEndpoints = 5000
	longestPath  = 2048 // bytes
)

func newTree(most int) *tree {
	t := &tree{most: most}
	for i, m := range []method{read, post} {
		t.top[i], t.rest[i] = &node{}, newEndpoint("/"+anyMany, m)
	}
	return t
}

// place returns the endpoint of a request.
func (t *tree) place(r *request) *endpoint {
	side := 0
	if r.method != read {
		side = 1
	}
	if r.status == 400 || r.status == 404 || r.status == 405 || r.status == 414 || len(r.path) == 0 || r.path[0] != '/' || len(r.path) > longestPath {
		return t.rest[side] // strangers try all sorts of paths
	}
	n, pattern := t.top[side], make([]byte, 0, 64)
	segments(r.path, func(seg []byte, value bool) bool {
		n, seg = t.step(n, seg, value)
		if n != nil {
			pattern = append(append(pattern, '/'), seg...)
		}
		return n != nil
	})
	if n == nil {
		t.lost++
		return t.rest[side]
	}
	if n.end == nil {
		n.end = newEndpoint(string(pattern), t.rest[side].method)
		t.endpoints++
	}
	return n.end
}

// step goes to a child of a node, which is made if there is room. nil: there is
// none.
func (t *tree) step(n *node, seg []byte, value bool) (*node, []byte) {
	if child := n.children[string(seg)]; child != nil && !value {
		return child, seg
	}
	if value || n.crowded {
		if n.value == nil && t.endpoints >= t.most {
			return nil, nil
		}
		if n.value == nil {
			n.value = &node{}
		}
		return n.value, []byte(anyOne)
	}
	if t.endpoints >= t.most {
		return nil, nil
	}
	if len(n.children) >= maxChildren {
		t.crowd(n)
		return t.step(n, seg, value)
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	child := &node{}
	n.children[string(seg)] = child
	return child, seg
}

// crowd makes most children of a node one "*". Those stay that several clients poll,
// or that a good part of the requests is for: a value in a path is used by few.
func (t *tree) crowd(n *node) {
	total := int64(0)
	for _, child := range n.children {
		total += child.requests()
	}
	n.crowded = true
	if n.value == nil {
		n.value = &node{}
	}
	for name, child := range n.children {
		if name != anyMany && !child.isPolled() && child.requests() < total/16 {
			delete(n.children, name)
			t.merge(n.value, child)
		}
	}
}

// merge makes a node part of another.
func (t *tree) merge(n, o *node) {
	t.merged++
	if o.end != nil {
		if n.end == nil {
			n.end = newEndpoint("", o.end.method)
			t.endpoints++
		}
		n.end.absorb(o.end)
		t.endpoints--
	}
	if o.value != nil {
		if n.value == nil {
			n.value = &node{}
		}
		t.merge(n.value, o.value)
	}
	for name, child := range o.children {
		t.merge(n.child(name), child)
	}
}

// child returns a child of a node that takes in others.
func (n *node) child(name string) *node {
	if child := n.children[name]; child != nil {
		return child
	}
	if len(n.children) >= maxChildren {
		if n.value == nil {
			n.value = &node{}
		}
		return n.value
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = &node{}
	return n.children[name]
}

// requests is how many there were at and below a node.
func (n *node) requests() (sum int64) {
	if n.end != nil {
		sum = n.end.requests
	}
	if n.value != nil {
		sum += n.value.requests()
	}
	for _, child := range n.children {
		sum += child.requests()
	}
	return sum
}

// isPolled reports whether several clients ask for an endpoint at or below a node
// again and again.
func (n *node) isPolled() bool {
	if n.end != nil && (n.end.pollers.count() >= 3 || n.end.clients.count() >= 3 && n.end.requests >= 8*n.end.clients.count()) {
		return true
	}
	if n.value != nil && n.value.isPolled() {
		return true
	}
	for _, child := range n.children {
		if child.isPolled() {
			return true
		}
	}
	return false
}

// all visits the endpoints, with the pattern that each has in the end.
func (t *tree) all(visit func(e *endpoint)) {
	for side, n := range t.top {
		n.all("", visit)
		if t.rest[side].requests > 0 {
			visit(t.rest[side])
		}
	}
}

func (n *node) all(prefix string, visit func(e *endpoint)) {
	if n.end != nil {
		n.end.pattern = prefix
		if prefix == "" {
			n.end.pattern = "/"
		}
		visit(n.end)
	}
	for name, child := range n.children {
		child.all(prefix+"/"+name, visit)
	}
	if n.value != nil {
		n.value.all(prefix+"/"+anyOne, visit)
	}
}
